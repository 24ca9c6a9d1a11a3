/** This package's version; a test keeps it equal to package.json, which a bundle of an adapter would not contain. */
export const version = '0.0.0';

const product = `signstash-connect/${version} (+https://github.com/signstash-connect/signstash-connect)`;

/** The User-Agent of every request; an adapter puts its own product, such as `signstash-action/1.2.0`, after it. */
export function userAgent(adapter?: string): string {
  // Anything else would be refused by fetch, or end the header.
  const clean = adapter?.replace(/[^\x20-\x7e]/g, '').trim();
  return clean ? `${product} ${clean}` : product;
}
