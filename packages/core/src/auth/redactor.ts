import { maxTextLength, redact, removeSecrets } from '../errors/redact.ts';
import { type Credentials, rawBasicValue } from './basic-credentials.ts';

/** Ways to write one symbol besides itself: an HTML entity, percent-encoded UTF-8, a JSON escape. */
const encodings = [/&#?\w{1,8};/y, /(?:%[\da-f]{2}){1,4}/iy, /\\u[\da-f]{4}/iy];
/** The longest of them, four percent-encoded bytes. Characters. */
const maxEncodedLength = 12;

/** A function that removes the client secret from what a server says: as it is, and however a page may echo it. */
export function createRedactor({ clientId, clientSecret }: Credentials): (text: string) => string {
  const basic = rawBasicValue(clientId, clientSecret);
  const secret = Array.from(clientSecret.toLowerCase());
  return (text) => {
    // Exact values first, at any length; the search for encoded values is slower and covers only the beginning of the text.
    const clean = removeSecrets(text, [basic, clientSecret]);
    const cut = clean.length > maxTextLength;
    const searched = removeEncoded(clean.slice(0, maxTextLength), secret);
    return redact(cut ? searched.slice(0, -secret.length * maxEncodedLength) : searched);
  };
}

function removeEncoded(text: string, secret: readonly string[]): string {
  const lower = text.toLowerCase();
  // Some characters change their length in lower case: positions would no longer fit.
  const searched = lower.length === text.length ? lower : text;
  let clean = '';
  let kept = 0;
  for (let at = 0; at < text.length; at++) {
    const end = matchEnd(searched, at, secret);
    if (end === undefined) continue;
    clean += `${text.slice(kept, at)}[redacted]`;
    kept = end;
    at = end - 1;
  }
  return clean + text.slice(kept);
}

/**
 * Where the secret ends if it begins here. It follows all readings of the text side by side, so that the work is bounded by the
 * length of the secret, where a regular expression would try every combination.
 */
function matchEnd(text: string, start: number, secret: readonly string[]): number | undefined {
  let ends = new Set([start]);
  for (const character of secret) {
    const next = new Set<number>();
    for (const at of ends) {
      if (/\w/.test(character)) {
        if (text[at] === character) next.add(at + 1);
      } else for (const end of symbolEnds(text, at)) next.add(end);
    }
    if (next.size === 0) return undefined;
    ends = next;
  }
  return Math.max(...ends);
}

function symbolEnds(text: string, at: number): number[] {
  if (at >= text.length || /\w/.test(text[at] as string)) return [];
  const ends = [at + ((text.codePointAt(at) as number) > 0xffff ? 2 : 1)];
  for (const encoding of encodings) {
    encoding.lastIndex = at;
    if (encoding.test(text)) ends.push(encoding.lastIndex);
  }
  // A percent-encoded symbol may be shorter than the run of them.
  for (let end = at + 3; text[at] === '%' && end < (ends.at(-1) as number); end += 3) ends.push(end);
  return ends;
}
