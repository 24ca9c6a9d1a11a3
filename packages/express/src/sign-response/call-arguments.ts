import type { Response } from 'express';

/** `write` and `end` take (chunk, encoding, callback) with anything left out. */
export function bodyArguments(parameters: readonly unknown[]): { chunk: Buffer | undefined; done?: () => void } {
  const done = parameters.find((parameter) => typeof parameter === 'function') as (() => void) | undefined;
  const [chunk, encoding] = parameters;
  const callback = done ? { done } : {};
  if (chunk === undefined || chunk === null || typeof chunk === 'function') return { chunk: undefined, ...callback };
  if (typeof chunk === 'string') {
    return {
      chunk: Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'),
      ...callback,
    };
  }
  if (!(chunk instanceof Uint8Array)) throw new TypeError('The body of a response is text, a Buffer or a Uint8Array.');
  return { chunk: Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength), ...callback };
}

/** Headers given to `writeHead(status, message, headers)` bypass `getHeader`: put them where they can be seen and removed. */
export function applyHead(res: Response, parameters: readonly unknown[]): void {
  const [status, ...rest] = parameters;
  res.statusCode = Number(status);
  if (typeof rest[0] === 'string') res.statusMessage = rest.shift() as string;
  for (const [name, value] of headerEntries(rest.find((headers) => headers !== undefined && headers !== null))) {
    res.setHeader(name, value);
  }
}

function headerEntries(headers: unknown): [string, string | string[]][] {
  if (!Array.isArray(headers)) return Object.entries((headers ?? {}) as Record<string, string>);
  const pairs = Array.isArray(headers[0]) ? (headers as [string, string][]) : flatPairs(headers as string[]);
  // A name may come several times, such as Set-Cookie.
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) values.set(name.toLowerCase(), [...(values.get(name.toLowerCase()) ?? []), value]);
  return [...values].map(([name, list]) => [name, list.length === 1 ? list[0]! : list]);
}

const flatPairs = (flat: readonly string[]): [string, string][] =>
  flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1] ?? ''] as [string, string]] : []));
