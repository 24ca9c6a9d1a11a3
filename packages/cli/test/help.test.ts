import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram, temporaryFolder } from '@signstash-connect/testing';
import { expect, it } from 'vitest';
import { createProgram } from '../src/program.ts';
import { runCli } from './support/run-cli.ts';

const io = { stdout: { write: () => true }, stderr: { write: () => true }, env: {}, cwd: '/', exitCode: 0 } as const;
const program = await createProgram({ ...io, signal: new AbortController().signal });
const commands = program.commands.map((command) => command.name());

it.each(commands)('explains %s with examples that are valid', async (name) => {
  const { exitCode, stdout } = await runCli([name, '--help']);
  expect(exitCode).toBe(0);
  const examples = stdout.split('\n').filter((line) => line.startsWith('  $ signstash '));
  expect(examples.length).toBeGreaterThan(0);
  const known = program.commands.find((command) => command.name() === name)!;
  const options = [...known.options, ...program.options].map(({ long }) => long);
  for (const [option] of examples
    .join('\n')
    .split(' | ')[0]!
    .matchAll(/(?<= )--[\w-]+/g))
    expect(options).toContain(option);
});

it('lists all commands, and prints the usage if there is none', async () => {
  const { exitCode, stdout } = await runCli(['--help']);
  expect(exitCode).toBe(0);
  for (const name of commands) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  expect(await runCli([])).toMatchObject({ exitCode: 2, stderr: stdout });
});

it('completes commands and options in bash', async () => {
  const script = join(temporaryFolder(), 'signstash.bash');
  writeFileSync(script, (await runCli(['completion', 'bash'])).stdout);
  const complete = async (...words: string[]) => {
    const line = `source ${script}; COMP_WORDS=(signstash ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _signstash; echo "\${COMPREPLY[*]}"`;
    const { exitCode, text } = await runProgram('bash', ['-c', line]);
    expect(exitCode).toBe(0);
    return text.trim().split(' ');
  };
  expect(await complete('')).toEqual(commands);
  expect(await complete('do')).toEqual(['download', 'doctor']);
  expect(await complete('sign', '--batch')).toEqual(['--batch-size']);
  expect(await complete('--json', 'quota', '--w')).toEqual(['--warn-at']);
  expect(await complete('sign', '--client-s')).toEqual(['--client-secret-file']);
  expect(await complete('verify', '--pass')).toEqual(['--password-file']);
});

it('refuses a shell that it has no completion for', async () => {
  expect(await runCli(['completion', 'cmd'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining('bash, zsh, fish'),
  });
});
