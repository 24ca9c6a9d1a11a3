import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Keyv } from 'keyv';
import { describe, expect, it } from 'vitest';
import { folderResultStore, keyvResultStore, type ResultStore } from '../../src/index.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const bytes = (length: number, fill = 7) => new Uint8Array(length).fill(fill);
const day = 24 * 3_600_000;

const stores: [string, () => ResultStore][] = [
  ['folderResultStore', () => folderResultStore(temporaryFolder())],
  ['keyvResultStore', () => keyvResultStore(new Keyv())],
];

describe.each(stores)('%s', (_name, create) => {
  it('returns the stored bytes and operation, and undefined for an unknown reference', async () => {
    const store = create();
    expect(await store.get('a')).toBeUndefined();
    // Line breaks and bytes that are not valid UTF-8 must survive.
    const content = Uint8Array.from([0x0a, 0xff, 0x00, 0x0a, 0x25]);
    await store.set('a', { operationId: '9007199254740993', content });
    const stored = await store.get('a');
    expect(stored?.operationId).toBe('9007199254740993');
    expect([...stored!.content]).toEqual([...content]);
    expect(await store.get('b')).toBeUndefined();
  });

  it('replaces the result of a reference', async () => {
    const store = create();
    await store.set('a', { operationId: '1', content: bytes(3) });
    await store.set('a', { operationId: '2', content: bytes(4) });
    expect(await store.get('a')).toMatchObject({ operationId: '2', content: { length: 4 } });
  });

  it('accepts references that are not file names', async () => {
    const store = create();
    for (const reference of ['../../etc/passwd', 'PRT.1:é', 'x'.repeat(255), 'C:a']) {
      await store.set(reference, { operationId: reference.slice(0, 9), content: bytes(2) });
      expect((await store.get(reference))?.operationId).toBe(reference.slice(0, 9));
    }
  });
});

describe('folderResultStore', () => {
  it('shares its files between instances, readable by the owner only', async () => {
    const folder = join(temporaryFolder(), 'results');
    await folderResultStore(folder).set('a', { operationId: '1', content: bytes(3) });
    expect(await folderResultStore(folder).get('a')).toBeDefined();
    const [name] = await readdir(folder);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, name!))).mode & 0o777).toBe(0o600);
  });

  it('removes the oldest documents when they exceed maxBytes, never the newest', async () => {
    const folder = temporaryFolder();
    const store = folderResultStore(folder, { maxBytes: 3_000 });
    for (const [index, reference] of ['a', 'b', 'c', 'd'].entries()) {
      await store.set(reference, { operationId: reference, content: bytes(1_000) });
      const newest = (await readdir(folder)).map((name) => join(folder, name));
      // Distinct ages without waiting.
      for (const path of newest) {
        const found = await stat(path);
        if (Date.now() - found.mtimeMs < day / 2)
          await utimes(path, new Date(), new Date(Date.now() - (10 - index) * day));
      }
    }
    const kept = await Promise.all(['a', 'b', 'c', 'd'].map((reference) => store.get(reference)));
    expect(kept.map((result) => result?.operationId)).toEqual([undefined, undefined, 'c', 'd']);
  });

  it('does not return documents older than maxAgeMs and removes them', async () => {
    const folder = temporaryFolder();
    let time = Date.now();
    const store = folderResultStore(folder, { maxAgeMs: 1_000, now: () => time });
    await store.set('a', { operationId: '1', content: bytes(10) });
    expect(await store.get('a')).toBeDefined();
    time += 120_000;
    expect(await store.get('a')).toBeUndefined();
    await store.set('b', { operationId: '2', content: bytes(10) });
    expect(await readdir(folder)).toHaveLength(1);
  });

  it('refuses a document larger than maxBytes', async () => {
    const folder = temporaryFolder();
    const store = folderResultStore(folder, { maxBytes: 100 });
    await expect(store.set('a', { operationId: '1', content: bytes(200) })).rejects.toThrow('maxBytes');
    expect(await readdir(folder)).toEqual([]);
  });

  it('treats a truncated or changed file as absent', async () => {
    const folder = temporaryFolder();
    const store = folderResultStore(folder);
    await store.set('a', { operationId: '1', content: bytes(500) });
    const path = join(folder, (await readdir(folder))[0]!);
    const whole = await readFile(path);
    const changed = Buffer.from(whole);
    changed[changed.length - 1]! ^= 1;
    for (const damaged of [whole.subarray(0, -1), changed, Buffer.alloc(0), Buffer.from('junk')]) {
      await writeFile(path, damaged);
      expect(await store.get('a')).toBeUndefined();
    }
    await writeFile(path, whole);
    expect(await store.get('a')).toBeDefined();
  });

  it('removes temporary files of processes that were killed while writing', async () => {
    const folder = temporaryFolder();
    await writeFile(join(folder, 'old.result.1.tmp'), 'x');
    await utimes(join(folder, 'old.result.1.tmp'), new Date(0), new Date(0));
    await writeFile(join(folder, 'new.result.2.tmp'), 'x');
    await folderResultStore(folder).set('a', { operationId: '1', content: bytes(1) });
    const names = await readdir(folder);
    expect(names).toContain('new.result.2.tmp');
    expect(names).not.toContain('old.result.1.tmp');
  });

  it('refuses limits that are not positive', () => {
    expect(() => folderResultStore('x', { maxBytes: 0 })).toThrow('Invalid maxBytes 0');
    expect(() => folderResultStore('x', { maxAgeMs: Number.NaN })).toThrow('Invalid maxAgeMs NaN');
  });
});

describe('keyvResultStore', () => {
  it('passes the age on as the time to live', async () => {
    const calls: unknown[][] = [];
    const keyv = { get: async () => undefined, set: async (...parameters: unknown[]) => calls.push(parameters) };
    await keyvResultStore(keyv, { maxAgeMs: 5_000 }).set('a', { operationId: '1', content: bytes(1) });
    expect(calls[0]![2]).toBe(5_000);
  });

  it('refuses a document larger than maxResultBytes', async () => {
    const store = keyvResultStore(new Keyv(), { maxResultBytes: 10 });
    await expect(store.set('a', { operationId: '1', content: bytes(11) })).rejects.toThrow('maxResultBytes is 10');
  });

  it('treats a value of another program as absent', async () => {
    const keyv = { get: async () => 'something else', set: async () => true };
    expect(await keyvResultStore(keyv).get('a')).toBeUndefined();
  });
});
