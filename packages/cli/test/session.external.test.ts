import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { simplePdf, temporaryFolder, writeFiles } from '@signstash-connect/testing';
import { expect, it, onTestFinished } from 'vitest';
import { screenOf, terminalPicture } from './support/terminal-picture.ts';

const main = new URL('../src/main.ts', import.meta.url).pathname;

interface TerminalRun {
  /** What was printed so far. */
  text: () => string;
  type(keys: string): void;
  ended: Promise<unknown>;
}

/** Runs the program in a pseudo terminal, which `script` of util-linux provides. */
function runInTerminal(args: string, cwd: string): TerminalRun {
  const command = `stty cols 110 rows 40; exec ${process.execPath} --conditions=@signstash-connect/source ${main} ${args}`;
  const env = { PATH: process.env.PATH, HOME: cwd, TERM: 'xterm', LANG: 'C.UTF-8', SHELL: '/bin/sh' };
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], { cwd, env });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return { text: () => text, type: (keys) => child.stdin.write(keys), ended: once(child, 'close') };
}

it('looks in a terminal as the picture in the README shows', async () => {
  const cwd = temporaryFolder();
  const names = ['invoices/FT-1.pdf', 'invoices/FT-2.pdf', 'invoices/FT-3.pdf'];
  const files = [...names, 'FT-4.pdf'].map((name) => ({ name, bytes: simplePdf(name) }));
  writeFiles(cwd, files);
  const signCommand = "sign 'invoices/*.pdf' --out signed --sandbox";
  const sign = runInTerminal(signCommand, cwd);
  expect(await sign.ended).toEqual([0, null]);
  // The progress bar was there, and is not any more.
  expect(sign.text()).toContain('of 3');

  const watchCommand = 'watch hot-folder --sandbox';
  const watch = runInTerminal(watchCommand, cwd);
  await expect.poll(watch.text, { timeout: 60_000 }).toContain('Watching');
  renameSync(join(cwd, 'FT-4.pdf'), join(cwd, 'hot-folder/in/FT-4.pdf'));
  await expect.poll(watch.text, { timeout: 60_000 }).toContain('FT-4.pdf: signed');
  watch.type('\u0003');
  expect(await watch.ended).toEqual([0, null]);
  expect(existsSync(join(cwd, 'hot-folder/processed/FT-4.pdf'))).toBe(true);

  const session = [signCommand, sign.text(), watchCommand, watch.text()]
    .map((text, index) => (index % 2 === 0 ? `\u001b[1m$ signstash ${text}\u001b[22m\r\n` : text))
    .join('')
    .replaceAll(cwd, '/home/ana')
    .replace(/in \d+\.\d s/g, 'in 1.0 s');
  const picture = terminalPicture(screenOf(session), 'signstash sign and signstash watch in a terminal');
  expect(picture).not.toContain('of 3');
  await expect(picture).toMatchFileSnapshot('../session.svg');
}, 120_000);
