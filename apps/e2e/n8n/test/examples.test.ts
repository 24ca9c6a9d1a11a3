import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Sandbox, startSandbox } from '@signstash-connect/sandbox';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { invoice, invoices } from './support/documents.ts';
import { example } from './support/examples.ts';
import { N8n } from './support/n8n.ts';
import { checkSignature, goodSignature } from './support/pdfsig.ts';
import { credentialFor } from './support/workflow.ts';

let sandbox: Sandbox;
let n8n: N8n;
let files: string;

beforeAll(async () => {
  sandbox = await startSandbox();
  n8n = await N8n.create(inject('tools'), inject('packed'));
  files = join(n8n.folder, 'files');
  await mkdir(join(files, 'invoices'), { recursive: true });
  await mkdir(join(files, 'signed'));
  await n8n.import(
    [credentialFor(sandbox)],
    [await example('month-end-folder', files), await example('sign-and-email', files)],
  );
});
afterAll(async () => {
  await n8n?.close();
  await sandbox?.close();
});

const put = (name: string, bytes: Uint8Array | string) => writeFile(join(files, 'invoices', name), bytes);

it('month-end: signs 200 invoices in four requests and none twice', async () => {
  for (const { name, bytes } of await invoices(200)) await put(name, bytes);
  const run = await n8n.execute('month-end-folder');
  expect(run.error).toBeUndefined();
  expect(run.output("Sign'Stash")).toHaveLength(200);
  const signed = await readdir(join(files, 'signed'));
  expect(signed).toHaveLength(200);
  for (const name of signed.slice(0, 12)) {
    const bytes = await readFile(join(files, 'signed', name));
    expect(await checkSignature(bytes, sandbox.caCertificatePath)).toEqual(goodSignature);
  }
  const once = { tokensIssued: 1, requests: { sign: 4 }, documentsSigned: 200 };
  expect(sandbox.admin.counts()).toMatchObject(once);
  const again = await n8n.execute('month-end-folder');
  expect(again.output("Sign'Stash")).toHaveLength(200);
  expect(sandbox.admin.counts()).toMatchObject(once);
  console.log(`200 invoices: ${run.seconds.toFixed(1)} s; again: ${again.seconds.toFixed(1)} s.`);
});

it('e-mail: sends one request per customer and lists the invoice that was not signed', async () => {
  sandbox.admin.reset();
  await put('FT-2026-1.pdf', (await invoice('FT-2026-1')).bytes);
  await put('FT-2026-2.pdf', 'a draft');
  const run = await n8n.execute('sign-and-email');
  expect(run.error).toBeUndefined();
  expect(run.output('What the Service Has').map(({ json }) => json.status)).toEqual(['EXECUTED']);
  expect(run.output('Not Signed').map(({ json }) => json)).toEqual([
    { invoice: 'FT-2026-2', reason: expect.stringContaining('not a PDF'), advice: expect.any(String) },
  ]);
  expect(sandbox.admin.counts().signedByReference).toEqual({ 'example.com:FT-2026-1': 1 });

  await put('FT-2026-2.pdf', (await invoice('FT-2026-2')).bytes);
  const corrected = await n8n.execute('sign-and-email');
  expect(corrected.output('What the Service Has')).toHaveLength(2);
  expect(sandbox.admin.counts().signedByReference).toEqual({ 'example.com:FT-2026-1': 1, 'example.com:FT-2026-2': 1 });
});
