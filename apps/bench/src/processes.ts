import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Job, Report } from './job.ts';

const conditions = '--conditions=@signstash-connect/source';
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

export interface Sink {
  url: string;
  counts(): Promise<{ tokens: number; requests: number; documents: number }>;
  stop(): Promise<void>;
}

/** Starts the server that is measured against, in its own process. */
export async function startSink(documentBytes: number, tokenDelayMs = 0, documentDelayMs = 0): Promise<Sink> {
  const server = await startServer('./sink/main.ts', ...[documentBytes, tokenDelayMs, documentDelayMs].map(String));
  return {
    ...server,
    counts: async () => (await fetch(`${server.url}/counts`)).json() as ReturnType<Sink['counts']>,
  };
}

/** Starts a program that prints its address on its first line. */
export async function startServer(path: string, ...settings: string[]): Promise<Pick<Sink, 'url' | 'stop'>> {
  const child = spawn(process.execPath, [conditions, script(path), ...settings], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`${path} ended with code ${code}.`)));
  });
  return { url, stop: () => ended(child) };
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await exit;
}

export type ClientName = 'ours' | 'naive' | 'hand-written' | 'idle' | 'token-calls' | 'call-overhead';

/** Runs a client in its own process; a failure is its first line of error. */
export async function runClient(
  name: ClientName,
  job: Partial<Job>,
  ...more: string[]
): Promise<Report | { failed: string }> {
  try {
    const out = await printed(name, job, ...more);
    return JSON.parse(out) as Report;
  } catch (error) {
    const text = String((error as { stderr?: string }).stderr || error);
    return {
      failed: /^(\w*Error\b|FATAL ERROR).*/m.exec(text)?.[0] ?? text.split('\n')[0] ?? 'failed',
    };
  }
}

/** Prints a report when the process ends; documents and time are measured from outside. */
const reportOnExit = `data:text/javascript,${encodeURIComponent(`
  import { peakMemory } from ${JSON.stringify(new URL('./peak-memory.ts', import.meta.url).href)};
  process.once('exit', () => {
    const { user, system } = process.cpuUsage();
    process.stderr.write('\\n' + JSON.stringify({ cpuMs: (user + system) / 1000, peakRss: peakMemory() }) + '\\n');
  });
`)}`;

/** Signs the job's documents with the built command line. Time and processor time are those of the whole process. */
export async function runCommandLine({ url, documents, output, batchSize, concurrency }: Job): Promise<Report> {
  const program = script('../../../packages/cli/dist/main.js');
  const started = performance.now();
  const { stderr } = await promisify(execFile)(
    process.execPath,
    [
      ...['--import', reportOnExit, program, 'sign', join(dirname(documents[0] ?? ''), '*.pdf'), '--out', output],
      ...['--overwrite', '--batch-size', String(batchSize), '--concurrency', String(concurrency)],
    ],
    {
      env: {
        ...process.env,
        SIGNSTASH_ENVIRONMENT: 'custom',
        SIGNSTASH_TOKEN_URL: `${url}/token`,
        SIGNSTASH_API_URL: `${url}/api`,
        SIGNSTASH_CLIENT_ID: 'bench',
        SIGNSTASH_CLIENT_SECRET: 'bench',
      },
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  const ms = performance.now() - started;
  const measured = JSON.parse(/^\{.*\}$/m.exec(stderr)?.[0] ?? '{}') as Pick<Report, 'cpuMs' | 'peakRss'>;
  return { documents: readdirSync(output).length, ms, ...measured };
}

/** What a client process prints. */
export async function printed(name: ClientName, job: Partial<Job>, ...more: string[]): Promise<string> {
  const args = [conditions, script(`./clients/${name}.ts`), JSON.stringify(job), ...more];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}
