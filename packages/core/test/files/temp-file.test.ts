import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { thisProcess } from '../../src/files/process-identity.ts';
import {
  commitTempFile,
  prepareDirectory,
  rescueTempFile,
  type TempFile,
  tempFileStore,
} from '../../src/files/temp-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Content in a temporary file that has not been renamed yet. */
async function spooled(directory: string, content: string): Promise<TempFile> {
  const writer = tempFileStore(directory, { durable: true })();
  for (const letter of content) await writer.write(Buffer.from(letter));
  return writer.finish();
}

test('content gets its final name only once it is complete', async () => {
  const folder = temporaryFolder();
  const target = join(folder, 'a.pdf');
  const content = await spooled(folder, 'signed');
  expect([content.size, readdirSync(folder).includes('a.pdf')]).toEqual([6, false]);
  // Only its owner may read it before it is renamed.
  expect(statSync(content.path).mode & 0o777).toBe(0o600);
  const mode = await prepareDirectory(folder);
  await commitTempFile(content, target, { overwrite: false, durable: true, mode });
  expect(readdirSync(folder)).toEqual(['a.pdf']);
  expect(readFileSync(target, 'utf8')).toBe('signed');
  // As any other file that this process makes.
  writeFileSync(join(folder, 'plain'), '');
  expect(statSync(target).mode).toBe(statSync(join(folder, 'plain')).mode);
});

test('if many contents compete for one name, one gets it and the others stay where they are', async () => {
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

test('an existing file is replaced atomically on request', async () => {
  const folder = temporaryFolder();
  const target = join(folder, 'a.pdf');
  writeFileSync(target, 'old');
  await commitTempFile(await spooled(folder, 'new'), target, { overwrite: true, durable: false, mode: 0o644 });
  expect([readFileSync(target, 'utf8'), readdirSync(folder)]).toEqual(['new', ['a.pdf']]);
});

test('content is moved to another directory than that of its temporary file', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'b'));
  await commitTempFile(await spooled(folder, 'signed'), join(folder, 'b', 'a.pdf'), {
    overwrite: false,
    durable: true,
    mode: 0o644,
  });
  expect(readdirSync(folder, { recursive: true }).sort()).toEqual(['b', 'b/a.pdf']);
});

test('content that cannot get its final name is kept where no later run removes it', async () => {
  const folder = temporaryFolder();
  const target = join(folder, 'a.pdf');
  mkdirSync(target);
  const content = await spooled(folder, 'the only copy');
  await expect(commitTempFile(content, target, { overwrite: true, durable: false, mode: 0o644 })).rejects.toThrow();
  const kept = await rescueTempFile(content, target);
  await prepareDirectory(folder);
  expect(readFileSync(kept, 'utf8')).toBe('the only copy');
});

test('discarded content leaves no file behind, however much of it was received', async () => {
  const folder = temporaryFolder();
  for (const size of [0, 10, 2_000_000]) {
    const writer = tempFileStore(folder, { durable: false })();
    await writer.write(Buffer.alloc(size));
    await writer.discard();
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('a disk that fills up while content arrives moves the only copy to the system’s temporary folder', async () => {
  const folder = temporaryFolder();
  const system = temporaryFolder();
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) vi.stubEnv(name, system);
  const content = Buffer.alloc(2_000_000, 'signed content ');
  const probe = await open(join(folder, 'probe'), 'w');
  const handles = Object.getPrototypeOf(probe) as typeof probe;
  await probe.close();
  const real = handles.write;
  let writes = 0;
  const full = () => Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  const write = vi.spyOn(handles, 'write').mockImplementation(async function (this: typeof probe, ...args: unknown[]) {
    writes++;
    // The third write takes a part of its bytes, the rest of it fails.
    if (writes === 3) args[2] = 1_000;
    if (writes === 4) throw full();
    return (real as (...given: unknown[]) => Promise<never>).apply(this, args);
  } as typeof real);
  onTestFinished(() => {
    write.mockRestore();
    vi.unstubAllEnvs();
  });
  const store = (rescue: boolean) => tempFileStore(folder, { durable: true, rescue })();
  const writer = store(true);
  for (let at = 0; at < content.length; at += 70_000) await writer.write(content.subarray(at, at + 70_000));
  const file = await writer.finish();
  expect([dirname(file.path), file.size]).toEqual([system, content.length]);
  expect(readFileSync(file.path).equals(content)).toBe(true);
  expect(readdirSync(folder)).toEqual(['probe']);

  // What can be fetched again fails instead.
  writes = 0;
  const other = store(false);
  await expect(other.write(content)).rejects.toMatchObject({ code: 'ENOSPC' });
  await other.discard();
  expect(readdirSync(folder)).toEqual(['probe']);
});

test('content that could not be saved has a short name that no clean-up matches', async () => {
  const folder = temporaryFolder();
  const target = join(folder, `${'a'.repeat(250)}.pdf`);
  const kept = await rescueTempFile(await spooled(folder, 'the only copy'), target);
  expect(basename(kept)).toMatch(/^signstash-[0-9a-f]{8}\.unsaved$/);
  await prepareDirectory(folder);
  expect(readFileSync(kept, 'utf8')).toBe('the only copy');
});

test('only files of dead processes, and foreign files not written for a day, are removed', async () => {
  const folder = join(temporaryFolder(), 'made', 'on', 'demand');
  await prepareDirectory(folder);
  const { host, pid, started } = thisProcess;
  const name = (...owner: unknown[]) => `.signstash-${owner.join('-')}-0b5e7c1a-0000-4000-8000-000000000000.part`;
  const abandoned = name('11111111', pid, started);
  const dead = [name(host, 99_999_999, started), name(host, pid, 'abcdef01'), abandoned];
  // Another container with the same host name has another identity, and its process ids mean nothing here.
  const alive = [name(host, pid, started), name('00000000', 99_999_999, started), 'invoice.pdf', '.other.part'];
  for (const file of [...dead, ...alive]) writeFileSync(join(folder, file), '');
  const yesterday = new Date(Date.now() - 25 * 60 * 60 * 1000);
  utimesSync(join(folder, abandoned), yesterday, yesterday);
  await prepareDirectory(folder);
  expect(readdirSync(folder).sort()).toEqual(alive.sort());
});
