import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSignStash } from '@signstash-connect/core';
import { signFiles } from '@signstash-connect/core/adapter/node';
import { accessTo, startTestSandbox, temporaryFolder } from '@signstash-connect/testing';
import { expect, it } from 'vitest';
import { parseReferencePattern } from '../../src/references/reference-pattern.ts';
import { envFor, objectsOf, runCli } from '../support/run-cli.ts';
import { type InvoicePage, invoicePdf, qrText } from './invoices.ts';

it('signs an invoice once that is rendered again later, and refuses its copy in the same run', async () => {
  const sandbox = await startTestSandbox();
  const root = temporaryFolder();
  const client = createSignStash(accessTo(sandbox));
  const { clientId } = sandbox;
  const pattern = parseReferencePattern('{client}-{atcud}');
  const write = async (name: string, page: InvoicePage) => writeFile(join(root, name), await invoicePdf(page));
  const run = () => {
    const invoices = new Map<string, string>();
    return signFiles([`${root}/*.pdf`], {
      client,
      clientId,
      root,
      overwrite: true,
      recoveredContent: 'any',
      reference: (file) => pattern.resolve({ ...file, clientId }, invoices),
    });
  };
  await write('a.pdf', {
    lines: [
      ['NIF 599999993', 60, 700],
      ['ATCUD: CSDF7T5H-1', 60, 60],
    ],
  });
  await write('b.pdf', {
    lines: [
      ['NIF 599999993', 60, 700],
      ['ATCUD: CSDF7T5H-2', 60, 60],
    ],
  });
  await write('c.pdf', {
    lines: [
      ['NIF 599999993', 60, 700],
      ['Recibo', 60, 60],
    ],
  });
  const first = await run();
  expect(first.files).toMatchObject([
    { file: 'a.pdf', status: 'signed', reference: `${clientId}-599999993-CSDF7T5H-1` },
    { file: 'b.pdf', status: 'signed', reference: `${clientId}-599999993-CSDF7T5H-2` },
    { file: 'c.pdf', status: 'failed', problem: { code: 'ATCUD_NOT_FOUND', title: 'The file has no readable ATCUD' } },
  ]);
  const signed = await readFile(join(root, 'a-signed.pdf'));

  // The same invoice from another program, and a copy of the other one.
  await write('a.pdf', { qr: qrText('599999993', 'CSDF7T5H-0001'), qrAs: 'bits' });
  await write('c.pdf', {
    lines: [
      ['Duplicado, NIF 599999993', 60, 700],
      ['ATCUD: CSDF7T5H-2', 60, 60],
    ],
  });
  const second = await run();
  expect(second.files).toMatchObject([
    { file: 'a.pdf', status: 'signed', recovered: true },
    { file: 'b.pdf', status: 'signed', recovered: true },
    { file: 'c.pdf', status: 'failed', problem: { code: 'DUPLICATE_REFERENCE' } },
  ]);
  expect(second.files[2]?.problem?.detail).toBe(
    'c.pdf and b.pdf are the same invoice: ATCUD CSDF7T5H-2 of issuer 599999993.',
  );
  expect((await readFile(join(root, 'a-signed.pdf'))).equals(signed)).toBe(true);
  expect(sandbox.admin.counts().documentsSigned).toBe(2);
});

it('takes the pattern and the issuers from flags and variables of the command line', async () => {
  const sandbox = await startTestSandbox();
  const cwd = temporaryFolder();
  const page = (text: string): InvoicePage => ({
    lines: [
      ['NIF 599999993', 60, 700],
      ['Cliente NIF 500000000', 60, 680],
      [text, 60, 60],
    ],
  });
  const write = async (name: string, text: string) => writeFile(join(cwd, name), await invoicePdf(page(text)));
  await write('a.pdf', 'ATCUD: CSDF7T5H-1');
  const pattern = ['--reference-pattern', '{client}-{atcud}'];
  const sign = (flags: string[], env = {}) =>
    runCli(['sign', '*.pdf', '--overwrite', '--json', ...flags], { cwd, env: { ...envFor(sandbox), ...env } });

  const ambiguous = await sign(pattern);
  expect(objectsOf(ambiguous)).toContainEqual(
    expect.objectContaining({ file: 'a.pdf', problem: expect.objectContaining({ code: 'ISSUER_AMBIGUOUS' }) }),
  );
  const signed = await sign(pattern, { SIGNSTASH_ISSUERS: '501111115, 599999993' });
  const reference = `${sandbox.clientId}-599999993-CSDF7T5H-1`;
  expect(objectsOf(signed)).toContainEqual(expect.objectContaining({ file: 'a.pdf', status: 'signed', reference }));
  await write('a.pdf', 'Segunda via. ATCUD: CSDF7T5H-1');
  const again = await sign([], { SIGNSTASH_REFERENCE_PATTERN: '{client}-{atcud}', SIGNSTASH_ISSUERS: '599999993' });
  expect(objectsOf(again)).toContainEqual(expect.objectContaining({ status: 'signed', reference, recovered: true }));
  expect(sandbox.admin.counts().documentsSigned).toBe(1);

  const wrong = await sign(['--reference-pattern', '{client}-{nif}']);
  expect(wrong.exitCode).toBe(3);
  expect(`${wrong.stdout}${wrong.stderr}`).toContain('{nif} is unknown');
  expect((await sign(pattern, { SIGNSTASH_ISSUERS: '123' })).stdout).toContain('expected a Portuguese tax number');
});
