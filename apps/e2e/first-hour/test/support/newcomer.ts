import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isSignedVersionOf } from '@signstash-connect/testing';
import { registryEnvironment, run } from '@signstash-connect/testing/registry';
import { expect, inject } from 'vitest';
import { freePort } from '../../../../../scripts/test/free-port.ts';
import { root } from './readme.ts';

export interface RunningSandbox {
  url: string;
  /** The lines that the sandbox prints to be pasted into a shell. */
  exports: string;
  /** The same, with the line about the proxy uncommented. */
  exportsWithProxy: string;
  caCertificatePath: string;
  adminToken: string;
  /** How many documents it has signed. */
  signatures(): Promise<number>;
}

/** An empty project of a new user: a home folder, a shell, and the packages of the local registry. */
export class Newcomer {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #processes: ChildProcess[] = [];

  private constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.#env = env;
  }

  static async create(): Promise<Newcomer> {
    const folder = await mkdtemp(join(tmpdir(), 'first-hour-'));
    const env = await registryEnvironment(join(folder, 'home'), inject('registry'));
    const project = join(folder, 'project');
    await mkdir(project);
    const quiet = { npm_config_audit: 'false', npm_config_fund: 'false', npm_config_yes: 'true' };
    // Shared by all tests: most of their time would be downloads otherwise.
    const cache = { npm_config_cache: inject('npmCache') };
    // The Node of this process, wherever the shell's own is.
    const path = `${join(process.execPath, '..')}:${env.PATH}`;
    const newcomer = new Newcomer(project, {
      ...env,
      ...quiet,
      ...cache,
      PATH: path,
      XDG_STATE_HOME: join(folder, 'state'),
    });
    await copyFile(join(root, 'packages/sandbox/test/fixtures/cairo.pdf'), newcomer.path('invoice.pdf'));
    return newcomer;
  }

  get home(): string {
    return String(this.#env.HOME);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async write(name: string, content: string | Uint8Array): Promise<void> {
    await writeFile(this.path(name), content);
  }

  read(name: string): Promise<Buffer> {
    return readFile(this.path(name));
  }

  /** Runs lines of shell as if they were pasted, and stops at the first that fails. */
  shell(lines: string): Promise<string> {
    return run('bash', ['--norc', '-eo', 'pipefail', '-c', lines], { cwd: this.folder, env: this.#env });
  }

  /** Runs a command that keeps running until the end of the test. @returns What it has printed once `ready` matches. */
  async start(command: string, ready: RegExp): Promise<string> {
    const child = spawn('bash', ['-c', `exec ${command}`], { cwd: this.folder, env: this.#env, detached: true });
    this.#processes.push(child);
    let printed = '';
    const deadline = AbortSignal.timeout(120_000);
    await new Promise<void>((resolve, reject) => {
      const read = (chunk: Buffer) => {
        printed += chunk;
        if (ready.test(printed)) resolve();
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('exit', (code) => reject(new Error(`${command} exited with ${code}:\n${printed}`)));
      deadline.onabort = () => reject(new Error(`${command} did not get ready:\n${printed}`));
    });
    return printed;
  }

  /** Runs the README's command for the sandbox, on a free port so that test runs do not disturb each other. */
  async startSandbox(command: string): Promise<RunningSandbox> {
    const printed = await this.start(`${command.trim()} --port ${await freePort()}`, /Stop with Ctrl\+C/);
    const exports = printed.slice(printed.indexOf('Paste into a shell'), printed.indexOf('Or into PowerShell'));
    const lines = exports.slice(exports.indexOf('\n')).trim();
    expect(lines.match(/^export SIGNSTASH_/gm)).toHaveLength(4);
    expect(lines).toMatch(/^# export SIGNSTASH_PROXY_URL=/m);
    const [, admin = '', token = ''] = /Admin API: (\S+), token (\S+)/.exec(printed) ?? [];
    const signatures = async () => {
      const response = await fetch(`${admin}/counts`, { headers: { authorization: `Bearer ${token}` } });
      return ((await response.json()) as { documentsSigned: number }).documentsSigned;
    };
    return {
      url: /listens at (\S+)/.exec(printed)?.[1] ?? '',
      adminToken: token,
      signatures,
      exports: lines,
      exportsWithProxy: lines.replace('# export SIGNSTASH_PROXY_URL', 'export SIGNSTASH_PROXY_URL'),
      caCertificatePath: /Certificate authority[^:]*: (\S+)/.exec(printed)?.[1] ?? '',
    };
  }

  /** Ends every process that was started, npx and its children included, and removes the project. */
  async leave(): Promise<void> {
    for (const child of this.#processes) {
      if (child.exitCode !== null || child.pid === undefined) continue;
      const ended = once(child, 'exit');
      process.kill(-child.pid, 'SIGTERM');
      await ended;
    }
    await rm(join(this.folder, '..'), { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Fails unless a file of the project is the signed version of its `invoice.pdf`. */
export async function expectSigned(newcomer: Newcomer, name: string): Promise<void> {
  const [original, signed] = await Promise.all([newcomer.read('invoice.pdf'), newcomer.read(name)]);
  expect(isSignedVersionOf(signed, original), `${name} is a signed version of invoice.pdf`).toBe(true);
}
