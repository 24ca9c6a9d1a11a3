import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from '../../../../../scripts/test/free-port.ts';
import type { PackedNode } from './packed-node.ts';
import { mustRun, run } from './run.ts';
import type { Tools } from './tools.ts';
import type { CredentialFile, Workflow } from './workflow.ts';

/** One output item of a node, as n8n stores it. */
export interface OutputItem {
  json: Record<string, unknown>;
  binary?: Record<string, { id?: string; data: string; fileName?: string; mimeType: string }>;
  pairedItem?: unknown;
}

export interface Execution {
  exitCode: number | null;
  seconds: number;
  /** Items of a node's outputs; the second output is the one for errors. */
  output(node: string, index?: number): OutputItem[];
  error: { message: string; description?: string; httpCode?: string; context?: { itemIndex?: number } } | undefined;
}

/** A user folder of n8n with our node installed, and the programs that work on it. */
export class N8n {
  readonly folder: string;
  /** Everything that n8n printed so far, to search for secrets. */
  printed = '';
  readonly #tools: Tools;
  readonly #env: NodeJS.ProcessEnv;
  readonly #processes: ChildProcess[] = [];

  private constructor(folder: string, tools: Tools) {
    this.folder = folder;
    this.#tools = tools;
    this.#env = {
      PATH: process.env.PATH,
      HOME: folder,
      N8N_USER_FOLDER: folder,
      N8N_ENCRYPTION_KEY: 'e2e',
      N8N_LISTEN_ADDRESS: '127.0.0.1',
      N8N_DIAGNOSTICS_ENABLED: 'false',
      N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
      N8N_TEMPLATES_ENABLED: 'false',
      N8N_PERSONALIZATION_ENABLED: 'false',
      N8N_ENFORCE_SETTINGS_FILE_PERMISSIONS: 'false',
      N8N_HIRING_BANNER_ENABLED: 'false',
      N8N_SECURE_COOKIE: 'false',
      N8N_RESTRICT_FILE_ACCESS_TO: folder,
      // The result is printed through the log: with less, it is silenced.
      N8N_LOG_LEVEL: 'info',
    };
  }

  static async create(tools: Tools, packed: PackedNode): Promise<N8n> {
    const folder = await mkdtemp(join(tmpdir(), 'e2e-n8n-'));
    const modules = join(folder, '.n8n/nodes/node_modules');
    await mkdir(modules, { recursive: true });
    await cp(packed.folder, join(modules, 'n8n-nodes-signstash'), { recursive: true });
    return new N8n(folder, tools);
  }

  async import(credentials: readonly CredentialFile[], workflows: readonly Workflow[]): Promise<void> {
    for (const [kind, content] of Object.entries({ credentials, workflow: workflows })) {
      if (content.length === 0) continue;
      const file = join(this.folder, `${kind}.json`);
      await writeFile(file, JSON.stringify(content));
      const { stdout } = await this.#must(`import:${kind}`, `--input=${file}`);
      if (!stdout.includes('Successfully imported')) throw new Error(stdout);
    }
  }

  /** Makes a workflow answer its webhooks from the next start on. */
  async publish(id: string): Promise<void> {
    await this.#must('publish:workflow', `--id=${id}`);
  }

  /** Runs a workflow headless, in a separate process. */
  async execute(id: string): Promise<Execution> {
    const { node, n8n } = this.#tools;
    const env = { ...this.#env, N8N_RUNNERS_BROKER_PORT: String(await freePort()) };
    const { exitCode, stdout, stderr, seconds } = await run(node, [n8n, 'execute', `--id=${id}`, '--rawOutput'], {
      env,
    });
    this.printed += stdout + stderr;
    const start = /^\{$/m.exec(stdout)?.index;
    if (start === undefined) throw new Error(`n8n printed no result:\n${stdout}\n${stderr}`);
    const json = JSON.parse(stdout.slice(start, stdout.lastIndexOf('}') + 1)) as RunJson;
    const { runData, error } = json.data.resultData;
    return {
      exitCode,
      seconds,
      output: (name, index = 0) => runData[name]?.[0]?.data?.main[index] ?? [],
      error,
    };
  }

  /** The bytes behind a binary field, from the folder where n8n keeps them. */
  async bytes(item: OutputItem, field = 'data'): Promise<Buffer> {
    const binary = item.binary?.[field];
    if (!binary) throw new Error(`The item has no binary field ${field}.`);
    const path = /^filesystem-v2:(.+)$/.exec(binary.id ?? '')?.[1];
    return path ? readFile(join(this.folder, '.n8n/storage', path)) : Buffer.from(binary.data, 'base64');
  }

  /** Starts the editor and the webhooks. Returns their address. */
  async start(more: NodeJS.ProcessEnv = {}): Promise<string> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    await this.#spawn(['start'], `${url}/healthz/readiness`, { N8N_PORT: String(port), WEBHOOK_URL: url, ...more });
    return url;
  }

  /** Starts a process that takes executions from the queue. */
  async startWorker(more: NodeJS.ProcessEnv): Promise<ChildProcess> {
    const port = await freePort();
    const health = { QUEUE_HEALTH_CHECK_ACTIVE: 'true', QUEUE_HEALTH_CHECK_PORT: String(port) };
    const ready = `http://127.0.0.1:${port}/healthz/readiness`;
    return this.#spawn(['worker', '--concurrency=5'], ready, { ...health, ...more });
  }

  /** Starts a process and waits until it says that it is ready. */
  async #spawn(args: string[], readiness: string, more: NodeJS.ProcessEnv): Promise<ChildProcess> {
    const { node, n8n } = this.#tools;
    const env = { ...this.#env, N8N_RUNNERS_BROKER_PORT: String(await freePort()), ...more };
    const child = spawn(node, [n8n, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#processes.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        this.printed += text;
      });
    }
    for (const deadline = Date.now() + 120_000; ; ) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`n8n ${args[0]} did not start:\n${output}`);
      const ready = await fetch(readiness).then(
        ({ ok }) => ok,
        () => false,
      );
      if (ready && /Editor is now accessible|worker is now ready/.test(output)) return child;
      await wait(250);
    }
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#processes
        .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
        .map(async (child) => {
          const ended = new Promise((resolve) => child.once('close', resolve));
          child.kill('SIGTERM');
          const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
          await ended;
          clearTimeout(timer);
        }),
    );
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #must(...args: string[]) {
    const { node, n8n } = this.#tools;
    const env = { ...this.#env, N8N_RUNNERS_BROKER_PORT: String(await freePort()) };
    return mustRun(node, [n8n, ...args], { env });
  }
}

interface RunJson {
  data: {
    resultData: {
      runData: Record<string, { data?: { main: (OutputItem[] | null)[] } }[]>;
      error?: Execution['error'];
    };
  };
}
