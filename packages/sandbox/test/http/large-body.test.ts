import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { bytesDocument, type OperationAnswer, sandboxForTests, signBase64, signRequest, Talk } from './talk.ts';

const mebibyte = 1024 ** 2;
const sandbox = await sandboxForTests();
const talk = new Talk(sandbox);

/** The pieces of a request whose base64 is written as it is sent. */
function* written(references: string[], base64: string): Generator<string> {
  const [head, ...tails] = JSON.stringify(
    signRequest(...references.map((reference) => bytesDocument(reference, 'HERE'))),
  ).split(Buffer.from('HERE').toString('base64'));
  yield head!;
  for (const tail of tails) {
    yield base64;
    yield tail;
  }
}

test('receives and returns 60 MB of documents', async () => {
  const content = randomBytes(10 * mebibyte);
  const base64 = content.toString('base64');
  const references = Array.from({ length: 6 }, (_, index) => `large-${index}`);
  const headers = { authorization: `Bearer ${await talk.token()}`, 'content-type': 'application/json' };
  const answer = await new Promise<Buffer>((resolve, reject) => {
    const outgoing = request(`${sandbox.apiUrl}/${signBase64}`, { method: 'POST', headers }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks)));
      incoming.on('error', reject);
      expect(incoming.headers['content-length']).toMatch(/^\d+$/);
    });
    pipeline(Readable.from(written(references, base64)), outgoing).catch(reject);
  });
  const { documentList } = JSON.parse(answer.toString('latin1')) as OperationAnswer;
  expect(documentList.map(({ externalReference }) => externalReference).toSorted()).toEqual(references);
  const digest = createHash('sha256').update(content).digest();
  for (const { signStatus, signedContent } of documentList) {
    expect(signStatus).toBe('SIGNED');
    // The signature contains the digest of the document, so the bytes arrived unchanged.
    expect(Buffer.from(signedContent!, 'base64').includes(digest)).toBe(true);
  }
});

test('registers nothing if the client disconnects half-way', async () => {
  const headers = {
    authorization: `Bearer ${await talk.token()}`,
    'content-type': 'application/json',
    'content-length': String(mebibyte),
  };
  const before = sandbox.admin.counts().requests.sign;
  const outgoing = request(`${sandbox.apiUrl}/${signBase64}`, { method: 'POST', headers });
  outgoing.on('error', () => {});
  outgoing.write(JSON.stringify(signRequest(bytesDocument('half-way'))));
  await expect.poll(() => sandbox.admin.counts().requests.sign).toBe(before + 1);
  await expect
    .poll(() => sandbox.admin.requests().findLast(({ endpoint }) => endpoint === 'sign')!.bytes)
    .toBeGreaterThan(0);
  outgoing.destroy();
  await expect.poll(async () => (await talk.lookUp('half-way')).status).toBe(404);
  expect(sandbox.admin.counts().signedByReference).not.toHaveProperty('half-way');
});
