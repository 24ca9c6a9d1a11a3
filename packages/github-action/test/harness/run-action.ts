import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { type Command, commandsIn } from './commands.ts';
import { parseRunnerFile } from './runner-file.ts';

const actionPath = new URL('../../', import.meta.url).pathname;
const metadata = parse(readFileSync(join(actionPath, 'action.yml'), 'utf8')) as {
  inputs: Record<string, { default?: string }>;
  runs: { main: string };
};

export interface ActionRun {
  exitCode: number | null;
  /** Everything printed, as the runner sees it. */
  raw: string;
  commands: Command[];
  outputs: Record<string, string>;
  summary: string;
  temporary: string;
}

export interface RunOptions {
  inputs: Record<string, string>;
  env?: Record<string, string>;
  /** RUNNER_TEMP of an earlier run, to run again on the same machine. */
  temporary?: string;
  /** Called once the process runs. */
  during?: (child: ChildProcess) => void;
}

/** Runs the built action as GitHub's runner does: an environment of its own, files for its outputs, no standard input. */
export async function runAction(
  workspace: string,
  { inputs, env = {}, temporary, during }: RunOptions,
): Promise<ActionRun> {
  const temp = temporary ?? mkdtempSync(join(tmpdir(), 'signstash-runner-'));
  if (!temporary) onTestFinished(() => rmSync(temp, { recursive: true, force: true }));
  const files = {
    GITHUB_OUTPUT: join(temp, 'output'),
    GITHUB_STEP_SUMMARY: join(temp, 'summary'),
    GITHUB_ENV: join(temp, 'env'),
  };
  for (const file of Object.values(files)) writeFileSync(file, '');
  const given = Object.entries(metadata.inputs).map(([name, { default: value = '' }]) => [name, value]);
  const all = { ...Object.fromEntries(given), ...inputs } as Record<string, string>;
  const named = Object.entries(all).map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]);
  const child = spawn(process.execPath, [join(actionPath, metadata.runs.main)], {
    cwd: workspace,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH ?? '',
      HOME: temp,
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: workspace,
      GITHUB_REPOSITORY: 'acme/invoices',
      GITHUB_RUN_ID: '42',
      RUNNER_TEMP: temp,
      ...files,
      ...Object.fromEntries(named),
      ...env,
    },
  });
  let raw = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      raw += chunk.toString();
    });
  }
  during?.(child);
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    exitCode,
    raw,
    commands: commandsIn(raw),
    outputs: parseRunnerFile(readFileSync(files.GITHUB_OUTPUT, 'utf8')),
    summary: readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8'),
    temporary: temp,
  };
}
