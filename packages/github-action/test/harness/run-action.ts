import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { type Command, commandsIn } from './commands.ts';
import { parseRunnerFile } from './runner-file.ts';

export const actionPath = new URL('../../', import.meta.url).pathname;
const shortWaitsModule = new URL('./short-waits.mjs', import.meta.url).href;
const metadata = parse(readFileSync(join(actionPath, 'action.yml'), 'utf8')) as {
  inputs: Record<string, { default?: string }>;
  runs: { main: string };
};

export interface ActionRun {
  exitCode: number | null;
  /** Everything printed except the commands that mask a text. */
  log: string;
  /** Texts that the runner masks. */
  masks: string[];
  commands: Command[];
  outputs: Record<string, string>;
  summary: string;
  /** RUNNER_TEMP. */
  temporary: string;
}

export interface RunOptions {
  inputs: Record<string, string>;
  env?: Record<string, string>;
  /** RUNNER_TEMP of an earlier run: a second attempt of the same job. */
  temporary?: string;
  /** Another build of the action. */
  main?: string;
  /** Shortens the pauses between calls, such as the minute of look-ups after a lost answer. */
  shortWaits?: boolean;
  /** Called once the process runs. */
  during?: (child: ChildProcess) => void;
}

/**
 * Runs the built action as GitHub's runner 2.336.0 does: `node dist/index.js` in the workspace, no standard input, a separate
 * environment with every declared input, empty files for its outputs, both streams read for commands.
 */
export async function runAction(
  workspace: string,
  { inputs, env = {}, temporary, main = join(actionPath, metadata.runs.main), shortWaits = false, during }: RunOptions,
): Promise<ActionRun> {
  const temp = temporary ?? temporaryFolder('signstash-runner-');
  const commandFolder = temporaryFolder('signstash-file-commands-');
  const fileOf = (name: string) => join(commandFolder, name);
  const files = {
    GITHUB_OUTPUT: fileOf('set_output'),
    GITHUB_STEP_SUMMARY: fileOf('step_summary'),
    GITHUB_ENV: fileOf('set_env'),
    GITHUB_PATH: fileOf('add_path'),
    GITHUB_STATE: fileOf('save_state'),
  };
  for (const file of Object.values(files)) writeFileSync(file, '');
  const child = spawn(process.execPath, [...(shortWaits ? ['--import', shortWaitsModule] : []), main], {
    cwd: workspace,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...runnerEnvironment(workspace, temp), ...files, ...inputVariables(inputs), ...env },
  });
  const streams = [child.stdout, child.stderr].map((stream) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    return chunks;
  });
  during?.(child);
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const raw = streams.map((chunks) => Buffer.concat(chunks).toString()).join('\n');
  const lines = raw.split('\n');
  const commands = commandsIn(raw);
  return {
    exitCode,
    log: lines.filter((line) => !line.startsWith('::add-mask::')).join('\n'),
    masks: commands.filter(({ name }) => name === 'add-mask').map(({ data }) => data),
    commands,
    outputs: parseRunnerFile(readFileSync(files.GITHUB_OUTPUT, 'utf8')),
    summary: readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8'),
    temporary: temp,
  };
}

export function temporaryFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Every declared input with its default, even an empty one, and those that are given; undeclared ones too. */
function inputVariables(inputs: Record<string, string>): Record<string, string> {
  const declared = Object.entries(metadata.inputs).map(([name, { default: value = '' }]) => [name, value]);
  const all = { ...Object.fromEntries(declared), ...inputs } as Record<string, string>;
  return Object.fromEntries(
    Object.entries(all).map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]),
  );
}

function runnerEnvironment(workspace: string, temporary: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: temporary,
    CI: 'true',
    GITHUB_ACTION: '__self',
    GITHUB_ACTION_PATH: actionPath,
    GITHUB_ACTION_REF: 'github-action-v1',
    GITHUB_ACTION_REPOSITORY: 'signstash-connect/signstash-connect',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTOR: 'octocat',
    GITHUB_API_URL: 'https://api.github.com',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_JOB: 'sign',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_REF_NAME: 'main',
    GITHUB_REPOSITORY: 'acme/invoices',
    GITHUB_REPOSITORY_OWNER: 'acme',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_RUN_ID: '42',
    GITHUB_RUN_NUMBER: '7',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_SHA: '0'.repeat(40),
    GITHUB_WORKFLOW: 'sign',
    GITHUB_WORKSPACE: workspace,
    RUNNER_ARCH: 'X64',
    RUNNER_NAME: 'test',
    RUNNER_OS: 'Linux',
    RUNNER_TEMP: temporary,
    RUNNER_TOOL_CACHE: temporary,
  };
}
