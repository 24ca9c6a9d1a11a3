import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { matchZipEntry, readZip } from '../../src/api/response/documents-zip.ts';
import { ProtocolError } from '../../src/errors/errors.ts';
import { memoryStore } from '../../src/signing/content-stores.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';

const files = { 'ref-1.a.pdf': minimalPdf('a'), 'ref-2.b.pdf': minimalPdf('b'), 'ref-3.ç.txt': Buffer.from('x') };
const zip = Buffer.from(zipSync(files, { level: 6 }));

async function* chunks(bytes: Uint8Array, size = 100): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

/** The open and discarded writers of a run show which files would remain. */
async function read(bytes: Uint8Array, size?: number) {
  const live = new Set<object>();
  const store = () => {
    const writer = memoryStore();
    live.add(writer);
    return {
      ...writer,
      discard() {
        live.delete(writer);
        writer.discard();
      },
    };
  };
  try {
    return await readZip(chunks(bytes, size), store);
  } catch (error) {
    expect(live.size).toBe(0);
    throw error;
  }
}

const unpacked = (documents: { entryName: string; content: Uint8Array }[]) =>
  Object.fromEntries(documents.map(({ entryName, content }) => [entryName, Buffer.from(content)]));

describe('the zip of documents', () => {
  it.each([1, 3, 100, 1_000_000])('is unpacked from chunks of %i bytes, compressed or stored', async (size) => {
    expect(unpacked(await read(zip, size))).toEqual(files);
    expect(unpacked(await read(zipSync(files, { level: 0 }), size))).toEqual(files);
  });

  it('returns an error or the same documents, whichever bit is flipped', async () => {
    let refused = 0;
    let tried = 0;
    for (let bit = 0; bit < zip.length * 8; bit += 11) {
      tried++;
      const damaged = Buffer.from(zip);
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      try {
        expect(unpacked(await read(damaged, 4096))).toEqual(files);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        refused++;
      }
    }
    // The rest are times, attributes and versions.
    expect(refused).toBeGreaterThan(tried * 0.6);
  });

  it('is an error if it is truncated anywhere, including in its first header', async () => {
    for (let length = 0; length < zip.length; length += length < 100 ? 1 : 13) {
      await expect(read(zip.subarray(0, length), 4096)).rejects.toBeInstanceOf(ProtocolError);
    }
  });

  it('rejects any other bytes with a specific error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.boolean(), async (bytes, likeZip) => {
        const body = likeZip ? Buffer.concat([zip.subarray(0, 30), bytes]) : bytes;
        await expect(read(body)).rejects.toBeInstanceOf(ProtocolError);
      }),
      { numRuns: 300 },
    );
    const page = Buffer.from('<html>Sign in</html>');
    await expect(read(page)).rejects.toMatchObject({
      code: 'PROTOCOL_UNEXPECTED',
      message: expect.stringMatching(/not a zip/),
    });
  });

  it('rethrows the error of a store and unpacks a zip bomb in small pieces', async () => {
    const bomb = zipSync({ 'ref-1.a.pdf': Buffer.alloc(64 * 1024 * 1024) }, { level: 9 });
    let written = 0;
    let largest = 0;
    const full = new ProtocolError('PROTOCOL_UNEXPECTED', 'Too large.');
    const store = () => ({
      write(chunk: Uint8Array) {
        written += chunk.byteLength;
        largest = Math.max(largest, chunk.byteLength);
        if (written > 10_000_000) throw full;
      },
      finish: () => undefined,
      discard() {},
    });
    await expect(readZip(chunks(bomb, 1_000_000), store)).rejects.toBe(full);
    expect(largest).toBeLessThan(8 * 1024 * 1024);
    expect(written).toBeLessThan(30_000_000);
  });
});

describe('matching the entries of a zip with documents', () => {
  const documents = [
    { reference: 'ref-1', name: 'a.pdf' },
    { reference: 'ref-1.a', name: 'pdf' },
    { reference: 'ref-2', name: 'b.pdf' },
    { reference: 'ref-3', name: 'same.pdf' },
    { reference: 'ref-4', name: 'same.pdf' },
  ];
  it.each([
    ['ref-2.b.pdf', 'ref-2', 'b.pdf'],
    ['ref-1.a.pdf', 'ref-1.a', 'pdf'],
    ['signed/ref-2.b.pdf', 'ref-2', 'b.pdf'],
    ['signed\\ref-2.b.pdf', 'ref-2', 'b.pdf'],
    ['ref-3/same.pdf', 'ref-3', 'same.pdf'],
    ['b.pdf', 'ref-2', 'b.pdf'],
    ['ref-2', 'ref-2', 'ref-2'],
    ['same.pdf', undefined, 'same.pdf'],
    ['../../etc/passwd', undefined, 'passwd'],
    ['../../ref-2.../x', undefined, 'x'],
    ['..', undefined, 'document'],
    ['folder/', undefined, 'document'],
    ['ref-2.\u0000\r\nx.pdf', 'ref-2', '___x.pdf'],
  ])('matches %j with %s as %s', (entryName, reference, name) => {
    const found = matchZipEntry(entryName, documents);
    expect([found.document?.reference, found.name]).toEqual([reference, name]);
  });
});
