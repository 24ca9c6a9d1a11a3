import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { SandboxCounts } from '@signstash-connect/sandbox';
import { isSignedVersionOf, simplePdf, temporaryFolder } from '@signstash-connect/testing';
import { expect, onTestFinished, test } from 'vitest';
import { startRedis } from '../../../../scripts/test/redis.ts';

const documents = Number(process.env.HOT_FOLDER_DOCUMENTS ?? 10_000);
const kills = Number(process.env.HOT_FOLDER_KILLS ?? 24);
/** Of the service and of Redis, in turn. */
const outages = 14;
const bursts = 20;
/** Subfolders that files are spread over. */
const folders = 10;

/** Events of all watchers, for a failed run. */
const log = process.env.HOT_FOLDER_LOG ? openSync(process.env.HOT_FOLDER_LOG, 'a') : 'ignore';

const source = (name: string) => fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url));
const execArgv = ['--conditions=@signstash-connect/source'];

test(`${documents} files in bursts, ${kills} kills, two watchers, outages of the service and of Redis: all signed once`, async () => {
  const root = temporaryFolder();
  const state = temporaryFolder();
  const redis = await startRedis();
  onTestFinished(() => redis.close());
  const service = await startService(state);
  const started = performance.now();
  const seconds = () => ((performance.now() - started) / 1000).toFixed(0).padStart(4);

  const watchers = [0, 1].map(() => new Watcher(root, { ...service.env, SIGNSTASH_LOCK: redis.url }));
  onTestFinished(() => Promise.all(watchers.map((watcher) => watcher.kill())).then(() => {}));
  for (const watcher of watchers) watcher.start();

  const dropping = dropFiles(root);
  // By progress instead of by time: a run takes as long as its documents, not as long as its pauses.
  const schedule = faultSchedule();
  let running = Promise.resolve();
  let killed = 0;
  let isDropped = false;
  void dropping.then(() => {
    isDropped = true;
  });
  for (let round = 0; ; round++) {
    const left = countFiles(join(root, 'in'));
    const processed = countFiles(join(root, 'processed'));
    if (round % 10 === 0) {
      const memory = watchers.map(({ rss }) => `${Math.round(rss / 1024 ** 2)} MiB`).join(' and ');
      console.log(`${seconds()} s: ${left} in, ${processed} processed, ${killed} kills, ${memory}`);
    }
    if (isDropped && left === 0 && schedule.length === 0) break;
    if (performance.now() - started > 900_000) break;
    while (schedule[0] && schedule[0].from <= processed) {
      const { kind } = schedule.shift() as Fault;
      if (kind === 'kill') {
        // While it is working, or during its start. Not always in turn.
        await watchers[killed % 5 === 4 ? 0 : killed % 2]?.restart();
        killed++;
      } else running = running.then(() => (kind === 'redis' ? redisOutage(redis) : service.outage(2_000)));
    }
    await sleep(300);
  }
  await Promise.all([dropping, running]);
  const oneMs = await signOne(root);
  const codes = await Promise.all(watchers.map((watcher) => watcher.stop()));

  const counts = await service.counts();
  console.log(
    `${seconds()} s in all: ${counts.documentsSigned} signed, ${killed} kills, ` +
      `${counts.requests.sign} sign requests, ${counts.requests.operationId} look-ups`,
  );
  for (const [index, { memory }] of watchers.entries()) console.log(`Memory of watcher ${index + 1}: ${curve(memory)}`);
  console.log(`One file: ${Math.round(oneMs)} ms`);
  // A single file is signed without waiting for others; how fast depends on the machine.
  expect(oneMs).toBeLessThan(10_000);
  expect(codes).toEqual([0, 0]);
  expect(killed).toBeGreaterThanOrEqual(kills);
  const signatures = Object.values(counts.signedByReference);
  expect({ documents: signatures.length, most: Math.max(...signatures) }).toEqual({
    documents: documents + 1,
    most: 1,
  });
  expect(countFiles(join(root, 'in'))).toBe(0);
  expect(countFiles(join(root, 'failed'))).toBe(0);
  for (let index = 0; index < documents; index++) {
    const original = readFileSync(join(root, 'processed', fileName(index)));
    if (!original.equals(content(index))) throw new Error(`${fileName(index)} is not the original.`);
    if (!isSignedVersionOf(readFileSync(join(root, 'signed', fileName(index))), original)) {
      throw new Error(`${fileName(index)} is not the signed version of its original.`);
    }
  }
  expect(countFiles(join(root, 'signed'))).toBe(documents + 1);
  expect(countFiles(join(root, 'processed'))).toBe(documents + 1);
  // Modules, buffers and a few requests; ten thousand documents kept in memory would need far more.
  for (const { memory } of watchers) expect(Math.max(...memory)).toBeLessThan(512 * 1024 ** 2);
});

interface Fault {
  readonly kind: 'kill' | 'redis' | 'service';
  /** How many documents must be done. */
  readonly from: number;
}

/** Spread over the run; the last two kills come after all documents, since a process may also die while nothing happens. */
function faultSchedule(): Fault[] {
  const spread = (count: number, kind: (index: number) => Fault['kind'], last = count): Fault[] =>
    Array.from({ length: count }, (_, index) => ({
      kind: kind(index),
      from: index < last ? Math.floor((documents * 0.95 * (index + 0.5)) / last) : documents,
    }));
  const faults = [
    ...spread(kills, () => 'kill', kills - 2),
    ...spread(outages, (index) => (index % 2 === 0 ? 'service' : 'redis')),
  ];
  return faults.sort((one, other) => one.from - other.from);
}

const fileName = (index: number) => `${index % folders}/fatura-${index}.pdf`;
const content = (index: number) => simplePdf(`Fatura FT 2026/${index}`);

async function dropFiles(root: string): Promise<void> {
  const size = Math.ceil(documents / bursts);
  for (let folder = 0; folder < folders; folder++) mkdirSync(join(root, 'in', String(folder)), { recursive: true });
  for (let first = 0; first < documents; first += size) {
    for (let index = first; index < Math.min(documents, first + size); index++) {
      const target = join(root, 'in', fileName(index));
      // One half appears by rename, the other is written in place.
      if (index % 2 === 0) writeFileSync(target, content(index));
      else {
        writeFileSync(`${target}.part`, content(index));
        renameSync(`${target}.part`, target);
      }
      if (index % 100 === 0) await sleep(1);
    }
    await sleep(1_500);
  }
}

/** How long a single file takes from its appearance to the move of its original. Milliseconds. */
async function signOne(root: string): Promise<number> {
  const started = performance.now();
  writeFileSync(join(root, 'in', 'single.pdf'), simplePdf('single'));
  while (!existsSync(join(root, 'processed', 'single.pdf')) && performance.now() - started < 120_000) await sleep(20);
  return performance.now() - started;
}

const countFiles = (folder: string): number => {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.') && !entry.name.endsWith('.part'))
      .length;
  } catch {
    return 0;
  }
};

async function redisOutage(redis: Awaited<ReturnType<typeof startRedis>>): Promise<void> {
  await redis.kill();
  await sleep(1_500);
  await redis.start();
}

/** About 40 points, in MiB. */
function curve(memory: readonly number[]): string {
  const step = Math.max(1, Math.floor(memory.length / 40));
  const points = memory.filter((_, index) => index % step === 0);
  return `${points.map((bytes) => Math.round(bytes / 1024 ** 2)).join(' ')} MiB`;
}

class Watcher {
  readonly memory: number[] = [];
  /** Since its last start. */
  signed = 0;
  readonly #root: string;
  readonly #env: Record<string, string>;
  #child: ChildProcess | undefined;

  constructor(root: string, env: Record<string, string>) {
    this.#root = root;
    this.#env = env;
  }

  get rss(): number {
    return this.memory.at(-1) ?? 0;
  }

  start(): void {
    const child = fork(source('watcher'), ['watch', this.#root, '--json'], {
      execArgv,
      env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...this.#env },
      stdio: ['ignore', log, log, 'ipc'],
    });
    this.signed = 0;
    child.on('message', ({ rss, signed }: { rss: number; signed: number }) => {
      this.signed = signed;
      this.memory.push(rss);
    });
    this.#child = child;
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async restart(): Promise<void> {
    await this.kill();
    this.start();
  }

  /** @returns The exit code after SIGTERM. */
  async stop(): Promise<number | null> {
    const child = this.#child;
    if (!child) return null;
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
    return child.exitCode;
  }
}

async function startService(state: string) {
  const child = fork(source('service'), [state], { execArgv });
  onTestFinished(() => void child.kill('SIGKILL'));
  const answer = async (type: string) => {
    for (;;) {
      const [message] = (await once(child, 'message')) as [Record<string, unknown>];
      if (message.type === type) return message;
    }
  };
  const { tokenUrl, apiUrl, clientId, clientSecret } = (await answer('started')) as Record<string, string>;
  return {
    env: {
      SIGNSTASH_TOKEN_URL: tokenUrl ?? '',
      SIGNSTASH_API_URL: apiUrl ?? '',
      SIGNSTASH_CLIENT_ID: clientId ?? '',
      SIGNSTASH_CLIENT_SECRET: clientSecret ?? '',
    },
    async outage(milliseconds: number) {
      child.send('down');
      await sleep(milliseconds);
      child.send('up');
    },
    async counts() {
      child.send('counts');
      return (await answer('counts')).counts as SandboxCounts;
    },
  };
}
