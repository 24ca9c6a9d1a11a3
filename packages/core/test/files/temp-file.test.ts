import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { thisProcess } from '../../src/files/process-identity.ts';
import {
  commitTempFile,
  prepareDirectory,
  rescueTempFile,
  type TempFile,
  tempFileStore,
} from '../../src/files/temp-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Content that lies in a directory and waits for its name. */
async function spooled(directory: string, content: string): Promise<TempFile> {
  const writer = tempFileStore(directory, { durable: true })();
  for (const letter of content) await writer.write(Buffer.from(letter));
  return writer.finish();
}

test('content has its name only once it is whole', async () => {
  const folder = temporaryFolder();
  const target = join(folder, 'a.pdf');
  const content = await spooled(folder, 'sealed');
  expect([content.size, readdirSync(folder).includes('a.pdf')]).toEqual([6, false]);
  // Nobody else may read it before it has its name.
  expect(statSync(content.path).mode & 0o777).toBe(0o600);
  const mode = await prepareDirectory(folder);
  await commitTempFile(content, target, { overwrite: false, durable: true, mode });
  expect(readdirSync(folder)).toEqual(['a.pdf']);
  expect(readFileSync(target, 'utf8')).toBe('sealed');
  // As any other file that this process makes.
  writeFileSync(join(folder, 'plain'), '');
  expect(statSync(target).mode).toBe(statSync(join(folder, 'plain')).mode);
});

test('of many that want one name, one gets it; the others stay where they are', async () => {
  const folder = temporaryFolder();
  const target = join(folder, 'a.pdf');
  const contents = await Promise.all(Array.from({ length: 20 }, (_, index) => spooled(folder, `content ${index}`)));
  const commits = await Promise.allSettled(
    contents.map((content) => commitTempFile(content, target, { overwrite: false, durable: false, mode: 0o644 })),
  );
  const winner = commits.findIndex(({ status }) => status === 'fulfilled');
  const refused = commits.filter((commit) => commit.status === 'rejected' && commit.reason.code === 'OUTPUT_EXISTS');
  expect(refused).toHaveLength(19);
  expect(readFileSync(target, 'utf8')).toBe(`content ${winner}`);
  expect(readdirSync(folder)).toHaveLength(20);
});

test('an existing file is replaced at once where that is asked for', async () => {
  const folder = temporaryFolder();
  const target = join(folder, 'a.pdf');
  writeFileSync(target, 'old');
  await commitTempFile(await spooled(folder, 'new'), target, { overwrite: true, durable: false, mode: 0o644 });
  expect([readFileSync(target, 'utf8'), readdirSync(folder)]).toEqual(['new', ['a.pdf']]);
});

test('content goes into another directory than it was spooled in', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'b'));
  await commitTempFile(await spooled(folder, 'sealed'), join(folder, 'b', 'a.pdf'), {
    overwrite: false,
    durable: true,
    mode: 0o644,
  });
  expect(readdirSync(folder, { recursive: true }).sort()).toEqual(['b', 'b/a.pdf']);
});

test('content that cannot have its name is kept, whole, where no later run clears it away', async () => {
  const folder = temporaryFolder();
  const target = join(folder, 'a.pdf');
  mkdirSync(target);
  const content = await spooled(folder, 'the only copy');
  await expect(commitTempFile(content, target, { overwrite: true, durable: false, mode: 0o644 })).rejects.toThrow();
  const kept = await rescueTempFile(content, target);
  await prepareDirectory(folder);
  expect(readFileSync(kept, 'utf8')).toBe('the only copy');
});

test('content that is not wanted leaves nothing behind, however much of it had come', async () => {
  const folder = temporaryFolder();
  for (const size of [0, 10, 2_000_000]) {
    const writer = tempFileStore(folder, { durable: false })();
    await writer.write(Buffer.alloc(size));
    await writer.discard();
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('only what dead processes of this machine left is cleared away', async () => {
  const folder = join(temporaryFolder(), 'made', 'on', 'demand');
  await prepareDirectory(folder);
  const { host, pid, started } = thisProcess;
  const name = (...owner: unknown[]) => `.signstash-${owner.join('-')}-0b5e7c1a-0000-4000-8000-000000000000.part`;
  const dead = [name(host, 99_999_999, started), name(host, pid, 'abcdef01')];
  const alive = [name(host, pid, started), name('00000000', 99_999_999, started), 'invoice.pdf', '.other.part'];
  for (const file of [...dead, ...alive]) writeFileSync(join(folder, file), '');
  await prepareDirectory(folder);
  expect(readdirSync(folder).sort()).toEqual(alive.sort());
});
