import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Sandbox, startSandbox } from '@signstash-connect/sandbox';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { invoice } from './support/documents.ts';
import { Editor } from './support/editor.ts';
import { example } from './support/examples.ts';
import { N8n } from './support/n8n.ts';
import { packageFolder } from './support/packed-node.ts';
import { checkSeal, goodSeal } from './support/pdfsig.ts';
import { credentialFor } from './support/workflow.ts';

/** The README's pictures are rewritten only when asked: `SCREENSHOTS=1`. */
const pictures = process.env.SCREENSHOTS ? join(packageFolder, 'docs') : undefined;

let sandbox: Sandbox;
let n8n: N8n;
let url: string;
let editor: Editor;

beforeAll(async () => {
  sandbox = await startSandbox();
  n8n = await N8n.create(inject('toolbox'), inject('packed'));
  const credentials = [
    credentialFor(sandbox),
    credentialFor(sandbox, { id: 'badSecret', name: 'Wrong Secret' }, { clientSecret: 'wrong' }),
    credentialFor(sandbox, { id: 'webPage', name: 'A Web Page' }, { apiUrl: `${sandbox.url}/nothing/here` }),
  ];
  const workflows = ['sign-webhook-upload', 'month-end-folder', 'sign-and-email'];
  await n8n.import(credentials, await Promise.all(workflows.map((name) => example(name))));
  await n8n.publish('sign-webhook-upload');
  url = await n8n.start();
  editor = await Editor.open(url);
  if (pictures) await mkdir(pictures, { recursive: true });
});
afterAll(async () => {
  await editor?.close();
  await n8n?.close();
  await sandbox?.close();
});

describe('the webhook example', () => {
  it('answers with the sealed PDF', async () => {
    const { bytes, name } = await invoice('webhook');
    const response = await fetch(`${url}/webhook/seal-invoice`, {
      method: 'POST',
      headers: { 'content-type': 'application/pdf', 'content-disposition': `attachment; filename="${name}"` },
      body: bytes as Uint8Array<ArrayBuffer>,
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-external-reference')).toMatch(/^PRT\./);
    expect(await checkSeal(new Uint8Array(await response.arrayBuffer()), sandbox.caCertificatePath)).toEqual(goodSeal);
  });

  it('answers with the reason where it cannot', async () => {
    const response = await fetch(`${url}/webhook/seal-invoice`, {
      method: 'POST',
      headers: { 'content-type': 'application/pdf' },
      body: 'no PDF',
    });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ code: 'DOCUMENT_NOT_PDF', advice: expect.any(String) });
  });
});

describe('the editor', () => {
  it('tests the connection in the dialog', async () => {
    await editor.openCredential('signStashLab');
    await editor.page.screenshot({ path: '/tmp/n8nlog/cred.png' });
    await editor.page.getByText('Connection tested successfully').waitFor();
  });
  it('node', async () => {
    await editor.openNode('sign-and-email', "Sign'Stash");
    await editor.page.screenshot({ path: '/tmp/n8nlog/node.png' });
  });
});
