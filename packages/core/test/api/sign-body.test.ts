import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesSource, type DocumentSource } from '../../src/api/request/document-source.ts';
import { jsonSignBody, multipartSignBody } from '../../src/api/request/sign-body.ts';
import type { WireSignRequest } from '../../src/api/wire.ts';

const toBase64 = (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString('base64'), 'latin1');

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/** Yields its bytes in pieces of the given sizes, as a file or a network stream would. */
function choppedSource(bytes: Uint8Array, size: number): DocumentSource {
  return {
    ...bytesSource(bytes),
    async *read() {
      for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
    },
  };
}

const request = (names: readonly string[]): WireSignRequest => ({
  externalReference: 'request',
  description: 'quotes " and \u0000 and é',
  documents: names.map((name, index) => ({
    documentRequest: { externalReference: `ref-${index}`, name, contentType: 'application/pdf' },
    signatureInfo: { signatureType: 'PAdES', applyTimestamp: false },
  })),
  returnSignedContent: true,
});

const documents = fc.array(
  fc.record({
    name: fc.string({ minLength: 1 }),
    bytes: fc.uint8Array({ maxLength: 100 }),
    size: fc.integer({ min: 1, max: 20 }),
  }),
  { maxLength: 4 },
);

describe('sign request bodies', () => {
  test('JSON contains every content in base64 and has the announced length', async () => {
    await fc.assert(
      fc.asyncProperty(documents, async (given) => {
        const sources = given.map(({ name, bytes, size }) => ({ source: choppedSource(bytes, size), document: name }));
        const body = jsonSignBody(request(given.map(({ name }) => name)), sources, toBase64);
        const sent = await collect(body.read());
        expect(sent.byteLength).toBe(body.contentLength);
        const parsed = JSON.parse(sent.toString()) as WireSignRequest;
        expect(parsed.description).toBe('quotes " and \u0000 and é');
        expect(parsed.documents.map(({ documentRequest }) => documentRequest)).toEqual(
          given.map(({ name, bytes }, index) => ({
            externalReference: `ref-${index}`,
            name,
            contentType: 'application/pdf',
            base64Content: Buffer.from(bytes).toString('base64'),
          })),
        );
        expect(await collect(body.read())).toEqual(sent);
      }),
    );
  });

  test('multipart can be read by an independent parser and has the announced length', async () => {
    const plain = fc.record({
      name: fc.stringMatching(/^[\w çãé.-]{1,20}$/),
      bytes: fc.uint8Array({ maxLength: 100 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(plain, { minLength: 1, maxLength: 4 }), async (given) => {
        const sources = given.map(({ name, bytes }) => ({ source: bytesSource(bytes), document: name }));
        const body = multipartSignBody(request(given.map(({ name }) => name)), sources, 'boundary-1');
        const sent = await collect(body.read());
        expect(sent.byteLength).toBe(body.contentLength);
        const form = await new Response(sent, { headers: { 'content-type': body.contentType } }).formData();
        const files = form.getAll('files') as File[];
        expect(files.map(({ name }) => name)).toEqual(given.map(({ name }) => name));
        for (const [index, file] of files.entries()) {
          expect(new Uint8Array(await file.arrayBuffer())).toEqual(given[index]?.bytes);
        }
        const part = form.get('signRequest');
        const entry = JSON.parse(typeof part === 'string' ? part : await (part as File).text()) as WireSignRequest;
        expect(entry.documents[0]?.documentRequest).not.toHaveProperty('base64Content');
      }),
      { numRuns: 50 },
    );
  });

  test('a file that changes size stops the request instead of corrupting it', async () => {
    const source = { ...bytesSource(new Uint8Array(10)), read: () => bytesSource(new Uint8Array(11)).read() };
    const body = jsonSignBody(request(['a.pdf']), [{ source, document: 'a.pdf' }], toBase64);
    await expect(collect(body.read())).rejects.toMatchObject({ code: 'DOCUMENT_CHANGED', document: 'a.pdf' });
  });
});
