import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { nodePlatform } from '../../src/files/node-platform.ts';

// Around the sizes at which the work is cut into pieces.
const sizes = [0, 1, 2, 3, 12_288, 16_384, 24_575, 24_576, 24_577, 49_152, 100_001];

test.each(sizes)('%i bytes are encoded to base64 and decoded', (size) => {
  // A view into a larger buffer, as chunks from the network are.
  const bytes = randomBytes(size + 7).subarray(5, size + 5);
  const ascii = nodePlatform.toBase64(bytes);
  expect(Buffer.from(ascii).toString('latin1')).toBe(bytes.toString('base64'));
  const back = Buffer.alloc((ascii.byteLength / 4) * 3);
  expect(back.subarray(0, nodePlatform.fromBase64(ascii, back)).equals(bytes)).toBe(true);
});

test('invalid base64 decodes to fewer bytes than expected, so that the reader detects it', () => {
  const ascii = Buffer.from(randomBytes(60_000).toString('base64'), 'latin1');
  ascii[40_000] = 0x21;
  expect(nodePlatform.fromBase64(ascii, Buffer.alloc(60_000))).toBeLessThan(60_000);
});

test('a hash covers all chunks', async () => {
  const chunks = [randomBytes(10), randomBytes(0), randomBytes(100_000)];
  const all = async function* () {
    yield* chunks;
  };
  expect(await nodePlatform.sha256(all())).toBe(createHash('sha256').update(Buffer.concat(chunks)).digest('hex'));
});

test('sleep ends early, with the reason, when its signal fires', async () => {
  const stop = new AbortController();
  const started = performance.now();
  setTimeout(() => stop.abort(new Error('enough')), 10);
  await expect(nodePlatform.sleep(10_000, stop.signal)).rejects.toThrow();
  expect(performance.now() - started).toBeLessThan(5_000);
});
