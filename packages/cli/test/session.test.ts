import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { simplePdf, temporaryFolder, writeFiles } from '@signstash-connect/testing';
import { expect, it } from 'vitest';
import { runCli } from './support/run-cli.ts';

const commands = [
  ['sign', "'invoices/*.pdf'", '--out', 'signed', '--sandbox', '--report', 'report.csv', '--checksums', 'SHA256SUMS'],
  ['verify', "'signed/**/*.pdf'", '--sandbox'],
  ['doctor', '--sandbox'],
];

/** Numbers, times and addresses that differ between runs. */
const stable = (text: string) =>
  text
    .replace(/in \d+\.\d s/g, 'in 1.0 s')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '2026-01-05T09:30:00.000Z')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:8700')
    .replace(
      /PRT\.999999990-PRT\.999999990-[\w-]+/g,
      'PRT.999999990-PRT.999999990-00000000-0000-4000-8000-00000000cafe',
    )
    .replace(/differ by \d s/g, 'differ by 0 s');

it('prints what the README shows', async () => {
  const cwd = temporaryFolder();
  const names = ['invoices/FT-1.pdf', 'invoices/FT-2.pdf', 'invoices/FT-3.pdf'];
  writeFiles(
    cwd,
    names.map((name) => ({ name, bytes: simplePdf(name) })),
  );
  let session = '';
  for (const args of commands) {
    const plain = args.map((arg) => arg.replaceAll("'", ''));
    const { stdout, exitCode } = await runCli([...plain, '--no-color'], { cwd, terminal: true });
    expect(exitCode).toBe(0);
    session += `$ signstash ${args.join(' ')}\n${stable(stdout)}`;
  }
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
  const [, shown] = /<!-- session -->\n\n```text\n([\s\S]*?)```/.exec(readme) ?? [];
  expect(shown).toBe(session);
});
