import type { ResolvedOptions } from '../options.ts';

export interface Credentials {
  clientId: string;
  clientSecret: string;
}

/** Reads `Authorization: Basic`; undefined if it is missing or malformed. */
export function readBasic(
  header: string | undefined,
  decoding: ResolvedOptions['basicDecoding'],
): Credentials | undefined {
  const encoded = /^Basic +([\w+/=-]+)$/i.exec(header ?? '')?.[1];
  if (!encoded) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  const decode = decoding === 'rfc6749' ? formDecode : (part: string) => part;
  return { clientId: decode(text.slice(0, colon)), clientSecret: decode(text.slice(colon + 1)) };
}

function formDecode(part: string): string {
  return new URLSearchParams(`_=${part.replaceAll('&', '%26')}`).get('_') ?? '';
}
