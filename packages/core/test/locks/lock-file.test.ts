import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Journal } from '../../src/batch/journal.ts';
import { thisProcess } from '../../src/files/process-identity.ts';
import { LockedError, type LockFileOptions, LockFileOwner } from '../../src/locks/lock-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const rounds = Number(process.env.LOCK_ROUNDS ?? 200);
const dead = { ...thisProcess, pid: 99_999_999 };

function start(script: string, ...args: string[]): ChildProcess {
  const path = fileURLToPath(new URL(`./support/${script}`, import.meta.url));
  const child = fork(path, args, { execArgv: ['--conditions=@signstash-connect/source'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

const answer = async (child: ChildProcess) => (await once(child, 'message'))[0] as string;

async function createOwner(folder: string, options?: LockFileOptions): Promise<LockFileOwner> {
  const owner = await LockFileOwner.create(folder, options);
  onTestFinished(() => owner.close());
  return owner;
}

/** A lock as a process that is gone left it. */
function leaveLock(path: string, owner: object, id = 'abcdefabcdefabcd'): void {
  writeFileSync(path, JSON.stringify({ id, ...owner }));
}

test(`of four processes that find the lock of a dead one, exactly one owns it, in each of ${rounds} rounds`, async () => {
  const folder = temporaryFolder();
  const contenders = Array.from({ length: 4 }, () => start('race-contender.ts'));
  await Promise.all(contenders.map(answer));
  const owners: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const path = join(folder, `${round}.lock`);
    leaveLock(path, dead);
    const answers = Promise.all(contenders.map(answer));
    const startAt = Date.now() + 6;
    for (const contender of contenders) contender.send({ path, startAt });
    owners.push((await answers).filter((result) => result === 'owned').length);
    const released = Promise.all(contenders.map(answer));
    for (const contender of contenders) contender.send({ release: path });
    await released;
  }
  expect(owners.filter((count) => count !== 1)).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
}, 60_000);

test('a process suspended past its lease writes nothing afterwards and leaves the new owner’s lock alone', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'journal.jsonl');
  const writer = start('suspendable-writer.ts', path);
  expect(await answer(writer)).toBe('open');
  const options = { staleAfterMs: 200 };
  await expect(Journal.open(path, options)).rejects.toMatchObject({ code: 'JOURNAL_UNUSABLE' });
  writer.kill('SIGSTOP');
  const journal = await vi.waitFor(() => Journal.open(path, options), { timeout: 10_000, interval: 20 });
  await journal.write([{ event: 'sending', reference: 'ours' }]);
  writer.kill('SIGCONT');
  const result = answer(writer);
  writer.send('write');
  expect(await result).toMatch(/^JOURNAL_UNUSABLE .*another process took it over while this one was suspended/);
  await once(writer, 'exit');
  // Still ours: the suspended process removed nothing when it closed.
  await journal.write([{ event: 'failed', reference: 'ours', code: 'DOCUMENT_FAILED' }]);
  await journal.close();
  const references = readFileSync(path, 'utf8').match(/"reference":"\w+"/g);
  expect(references).toEqual(['"reference":"before"', '"reference":"ours"', '"reference":"ours"']);
  expect(readdirSync(folder)).toEqual(['journal.jsonl']);
});

test('a take-over whose process died is completed by the next process', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'a.lock');
  leaveLock(path, dead, '1111111111111111');
  leaveLock(`${path}.1111111111111111`, dead, '2222222222222222');
  leaveLock(`${path}.1111111111111111.2222222222222222`, dead, '3333333333333333');
  const owner = await createOwner(folder);
  await owner.acquire(path);
  expect(await owner.isOwner(path)).toBe(true);
  await owner.release(path);
  await owner.close();
  expect(readdirSync(folder)).toEqual([]);
});

test('a take-over that another process has begun is not disturbed', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'a.lock');
  leaveLock(path, dead, '1111111111111111');
  leaveLock(`${path}.1111111111111111`, thisProcess, '2222222222222222');
  const owner = await createOwner(folder);
  await expect(owner.acquire(path)).rejects.toThrow(LockedError);
  expect(await owner.isOwner(path)).toBe(false);
});

test('a claim on a lock that already has a new owner is void', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'a.lock');
  leaveLock(path, dead);
  const owner = await createOwner(folder);
  const kill = vi.spyOn(process, 'kill').mockImplementationOnce(() => {
    // A take-over in the middle of the check whether the old owner runs.
    leaveLock(path, thisProcess, '4444444444444444');
    throw Object.assign(new Error('no such process'), { code: 'ESRCH' });
  });
  onTestFinished(() => {
    kill.mockRestore();
  });
  await expect(owner.acquire(path)).rejects.toThrow(LockedError);
  expect(JSON.parse(readFileSync(path, 'utf8')).id).toBe('4444444444444444');
  expect(await owner.isOwner(path)).toBe(false);
  expect(readdirSync(folder).filter((name) => name.startsWith('a.lock.'))).toEqual([]);
});

test('the lock of another machine counts as long as it is renewed, by the clock of the file system', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'a.lock');
  const owner = await createOwner(folder, { identity: { ...thisProcess, host: 'elsewhere' } });
  await owner.acquire(path);
  const other = await createOwner(folder);
  await expect(other.acquire(path)).rejects.toThrow(LockedError);
  const before = new Date(Date.now() - 60_000);
  utimesSync(path, before, before);
  await other.acquire(path);
  expect([await owner.isOwner(path), await other.isOwner(path)]).toEqual([false, true]);
  await owner.release(path);
  expect(await other.isOwner(path)).toBe(true);
});

test('a full disk leaves no lock behind', async () => {
  const folder = temporaryFolder();
  const probe = await open(join(folder, 'probe'), 'w');
  const write = vi.spyOn(Object.getPrototypeOf(probe), 'write');
  await probe.close();
  write.mockRejectedValue(Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }));
  onTestFinished(() => {
    write.mockRestore();
  });
  await expect(Journal.open(join(folder, 'journal.jsonl'))).rejects.toMatchObject({ code: 'JOURNAL_UNUSABLE' });
  expect(readdirSync(folder)).toEqual(['probe']);
});

test('files of dead owners are removed, those of living ones are not', async () => {
  const folder = temporaryFolder();
  leaveLock(join(folder, '.signstash-lock-1111111111111111.owner'), dead);
  leaveLock(join(folder, '.signstash-lock-2222222222222222.owner'), thisProcess);
  const owner = await createOwner(folder);
  await owner.close();
  expect(readdirSync(folder)).toEqual(['.signstash-lock-2222222222222222.owner']);
});
