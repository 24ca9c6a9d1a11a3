import { redact } from '../errors/redact.ts';
import { type Credentials, rawBasicValue } from './basic-credentials.ts';

/** One character as itself, as an HTML entity, percent-encoded, or escaped in JSON. */
const anyWriting = '(?:[^\\w]|&#?\\w{1,8};|(?:%[\\da-f]{2}){1,4}|\\\\u[\\da-f]{4})';

/** A function that takes the client secret out of what a server says: as it is, and however a page may echo it. */
export function createRedactor({ clientId, clientSecret }: Credentials): (text: string) => string {
  const pattern = Array.from(clientSecret, (character) => (/\w/.test(character) ? character : anyWriting)).join('');
  const secret = new RegExp(pattern, 'gi');
  const basic = rawBasicValue(clientId, clientSecret);
  return (text) => redact(text.replace(secret, '[redacted]'), [basic, clientSecret]);
}
