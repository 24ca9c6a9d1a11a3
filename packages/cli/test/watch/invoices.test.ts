import { existsSync, readFileSync } from 'node:fs';
import { startTestSandbox, temporaryFolder } from '@signstash-connect/testing';
import { expect, it } from 'vitest';
import { invoicePdf } from '../references/invoices.ts';
import { envFor, objectsOf, runCli } from '../support/run-cli.ts';
import { testFolder, until } from './support/watched-folder.ts';

const invoice = (...texts: string[]) =>
  invoicePdf({ lines: texts.map((text, index) => [text, 60, 700 - 20 * index] as const) });

it('retrieves an invoice that is dropped again in another rendering, and explains a missing ATCUD', async () => {
  const sandbox = await startTestSandbox();
  const root = temporaryFolder();
  const folder = testFolder(root);
  const watch = async (isDone: () => boolean) => {
    const stop = new AbortController();
    const args = ['watch', root, '--json', '--reference-pattern', '{client}-{atcud}', '--issuers', '599999993'];
    const running = runCli(args, { env: envFor(sandbox), signal: stop.signal });
    await until(() => isDone() && folder.files('in').length === 0);
    stop.abort();
    return objectsOf(await running);
  };
  folder.drop('a.pdf', await invoice('NIF 599999993', 'Cliente, NIF 500000000', 'ATCUD: CSDF7T5H-1'));
  folder.drop('b.xml', '<Invoice>ATCUD: CSDF7T5H-2</Invoice>');
  const first = await watch(
    () => existsSync(folder.path('failed/b.xml.error.txt')) && folder.files('signed').length === 1,
  );
  const reference = `${sandbox.clientId}-599999993-CSDF7T5H-1`;
  expect(first).toContainEqual(expect.objectContaining({ type: 'signed', file: 'a.pdf', reference, recovered: false }));
  expect(readFileSync(folder.path('failed/b.xml.error.txt'), 'utf8')).toContain(
    'b.xml is not a PDF file, so its ATCUD cannot be read.',
  );
  const signed = readFileSync(folder.path('signed/a.pdf'));

  folder.drop('again.pdf', await invoice('Segunda via', 'NIF 599999993', 'ATCUD: CSDF7T5H-1'));
  const second = await watch(() => existsSync(folder.path('signed/again.pdf')));
  expect(second).toContainEqual(
    expect.objectContaining({ type: 'signed', file: 'again.pdf', reference, recovered: true }),
  );
  expect(readFileSync(folder.path('signed/again.pdf')).equals(signed)).toBe(true);
  expect(sandbox.admin.counts().documentsSigned).toBe(1);
});
