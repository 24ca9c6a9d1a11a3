import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram, temporaryFolder } from '@signstash-connect/testing';
import { expect, it } from 'vitest';
import { runCli } from './support/run-cli.ts';

async function scriptFor(shell: string): Promise<string> {
  const path = join(temporaryFolder(), '_signstash');
  writeFileSync(path, (await runCli(['completion', shell])).stdout);
  return path;
}

it('gives fish completions of commands and options', async () => {
  const script = await scriptFor('fish');
  const complete = (line: string) =>
    runProgram('fish', ['--no-config', '-c', `source ${script}; complete -C '${line}'`]);
  expect((await complete('signstash do')).text).toMatch(/^(doctor\t.*\ndownload\t.*|download\t.*\ndoctor\t.*)\n$/);
  expect((await complete('signstash sign --batch')).text).toBe('--batch-size\tdocuments per request\n');
});

it('gives zsh a script that defines its function', async () => {
  const line = `autoload -U compinit; compinit -u -D; source ${await scriptFor('zsh')}; print $_comps[signstash]; whence -w _signstash`;
  const { text } = await runProgram('zsh', ['-f', '-c', line]);
  expect(text).toBe('_signstash\n_signstash: function\n');
});
