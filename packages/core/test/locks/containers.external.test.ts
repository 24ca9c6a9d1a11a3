import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { Journal } from '../../src/batch/journal.ts';
import { prepareDirectory } from '../../src/files/temp-file.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

// Real PID namespaces and a real full disk: both need user namespaces, which some systems switch off.
const canUnshare = spawnSync('unshare', ['-rmpf', '--mount-proc', 'true']).status === 0;

/** Runs a script in its own PID and mount namespace, as a container does, with the same host name. */
function inContainer(
  script: string,
  args: string[],
  before = 'true',
): { child: ChildProcess; lines: AsyncIterator<string> } {
  const path = fileURLToPath(new URL(`./support/${script}`, import.meta.url));
  const command = `${before} && exec "$0" --conditions=@signstash-connect/source "$@"`;
  const child = spawn(
    'unshare',
    ['-rmpf', '--mount-proc', '--kill-child', 'sh', '-c', command, process.execPath, path, ...args],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  if (!child.stdout) throw new Error('The process has no output.');
  return { child, lines: createInterface(child.stdout)[Symbol.asyncIterator]() };
}

const next = async (lines: AsyncIterator<string>) => (await lines.next()).value as string;

test.skipIf(!canUnshare)(
  'two containers with one host name share no journal and remove none of each other’s files',
  async () => {
    const folder = temporaryFolder();
    const journal = join(folder, 'journal.jsonl');
    const first = inContainer('container-run.ts', [folder, journal]);
    expect(await next(first.lines)).toBe('journal open');
    const part = await next(first.lines);
    expect(existsSync(part)).toBe(true);
    // The second container has the same process ids as the first, and so has this process none of them.
    const second = inContainer('container-run.ts', [folder, journal]);
    expect(await next(second.lines)).toMatch(/^JOURNAL_UNUSABLE .*another machine or in another container/);
    await expect(Journal.open(journal)).rejects.toMatchObject({ code: 'JOURNAL_UNUSABLE' });
    await prepareDirectory(folder);
    expect(existsSync(part)).toBe(true);
    first.child.stdin?.end();
    expect(await next(first.lines)).toBe('closed');
    expect(readdirSync(folder)).toEqual(['journal.jsonl']);
  },
);

test.skipIf(!canUnshare)('a full disk keeps the only copy in the temporary folder and leaves no lock', async () => {
  const folder = temporaryFolder();
  const [disk, system] = [join(folder, 'disk'), join(folder, 'system')];
  mkdirSync(disk);
  mkdirSync(system);
  const mount = `mount -t tmpfs -o size=1m tmpfs '${disk}' && export TMPDIR='${system}'`;
  const { child, lines } = inContainer('full-disk-run.ts', [disk], mount);
  const kept = await next(lines);
  expect(kept.startsWith(system)).toBe(true);
  expect(JSON.parse(await next(lines))).toEqual({ journal: 'JOURNAL_UNUSABLE', files: ['filler'] });
  await once(child, 'exit');
  expect(readFileSync(kept).equals(Buffer.alloc(3_000_000, 'signed content '))).toBe(true);
});
