import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseOperation } from '../../src/api/response/operation.ts';
import { parseJson } from '../../src/api/response/parse-json.ts';
import { splitSignedContent } from '../../src/api/response/signed-content-reader.ts';
import { memoryStore } from '../../src/signing/content-stores.ts';

const fromBase64 = (ascii: Uint8Array, into: Uint8Array) =>
  Buffer.from(into.buffer, into.byteOffset, into.byteLength).write(Buffer.from(ascii).toString('latin1'), 'base64');

async function* inChunks(bytes: Uint8Array, sizes: readonly number[]): AsyncIterable<Uint8Array> {
  let at = 0;
  for (let turn = 0; at < bytes.byteLength; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.byteLength;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const split = (text: string, sizes: readonly number[] = [7]) =>
  splitSignedContent(inChunks(Buffer.from(text), sizes), fromBase64, memoryStore);

/** The value as our parser gives it back, large integers as text. */
const again = (value: unknown) => parseJson(JSON.stringify(value), 'test');

const json = fc.jsonValue({ maxDepth: 3 });

describe('splitting signed contents out of an answer', () => {
  test('returns every document and every other field, however the answer is split into chunks', async () => {
    const document = fc.record({ reference: fc.string(), content: fc.uint8Array({ maxLength: 200 }), extra: json });
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(document, { maxLength: 5 }),
        sizes,
        json,
        fc.boolean(),
        async (documents, cuts, more, first) => {
          const documentList = documents.map(({ reference, content, extra }) => {
            const signedContent = Buffer.from(content).toString('base64');
            const rest = { externalReference: reference, extra, note: 'signedContent' };
            return first ? { signedContent, ...rest } : { ...rest, signedContent };
          });
          const text = JSON.stringify({ id: 7, more, documentList }, null, first ? 2 : 0);
          const { json: kept, contents } = await split(text, cuts);
          const operation = parseOperation(parseJson(kept, 'test'), 'test', contents);
          expect(operation.documents.map((one) => Buffer.from(one.content ?? []))).toEqual(
            documents.map(({ content }) => Buffer.from(content)),
          );
          expect(operation.documents.map(({ reference, raw }) => [reference, raw.extra])).toEqual(
            documentList.map(({ externalReference, extra }) => [externalReference, again(extra)]),
          );
          expect(operation.raw.more).toEqual(again(more));
        },
      ),
      { numRuns: 300 },
    );
  });

  test('escaped characters and line breaks inside base64 are understood', async () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, index) => 255 - index);
    const text = Buffer.from(bytes).toString('base64');
    const lines = text.replace(/(.{20})/g, '$1\\r\\n');
    const escaped = lines.replaceAll('/', '\\/').replaceAll('=', '\\u003d');
    const { contents } = await split(`{"signedContent":"${escaped}"}`, [3]);
    expect(contents).toEqual([bytes]);
  });

  test('a null content counts as absent', async () => {
    const { json: kept, contents } = await split('{"signedContent": null}');
    expect([kept, contents]).toEqual(['{"signedContent": null}', []]);
  });

  test.each(['{"signedContent":"AA*A"}', '{"signedContent":"AAA"}', '{"signedContent":"AA\\qA"}'])(
    '%s is refused, not silently decoded',
    async (text) => {
      await expect(split(text)).rejects.toMatchObject({ code: 'PROTOCOL_UNEXPECTED' });
    },
  );

  test('an answer that ends inside a content is truncated, and what was written is discarded', async () => {
    const discarded: string[] = [];
    const store = () => ({ write() {}, finish: () => 'whole', discard: () => void discarded.push('gone') });
    const text = '{"documentList":[{"signedContent":"AAAA"},{"signedContent":"AAAA';
    const cut = splitSignedContent(inChunks(Buffer.from(text), [5]), fromBase64, store);
    await expect(cut).rejects.toMatchObject({ code: 'PROTOCOL_TRUNCATED' });
    expect(discarded).toEqual(['gone', 'gone']);
  });
});
