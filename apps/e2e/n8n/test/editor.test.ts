import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Sandbox, startSandbox } from '@signstash-connect/sandbox';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { invoice, invoices } from './support/documents.ts';
import { Editor } from './support/editor.ts';
import { example } from './support/examples.ts';
import { N8n } from './support/n8n.ts';
import { packageFolder } from './support/packed-node.ts';
import { checkSignature, goodSignature } from './support/pdfsig.ts';
import { leaks } from './support/secrets.ts';
import { chain, credentialFor, filesThrough, signStash, signStashTool, step } from './support/workflow.ts';

/** The README's pictures are updated only with `SCREENSHOTS=1`. */
const pictures = process.env.SCREENSHOTS ? join(packageFolder, 'docs') : undefined;

let sandbox: Sandbox;
let webPage: Server;
let n8n: N8n;
let url: string;
let editor: Editor;

beforeAll(async () => {
  sandbox = await startSandbox();
  webPage = createServer((_, response) => response.end('<!doctype html><title>A web page</title>'));
  await new Promise<void>((resolve) => webPage.listen(0, '127.0.0.1', resolve));
  n8n = await N8n.create(inject('tools'), inject('packed'));
  const files = join(n8n.folder, 'files');
  await mkdir(join(files, 'invoices'), { recursive: true });
  for (const { name, bytes } of [await invoice('FT-2026-1'), await invoice('FT-2026-2')]) {
    await writeFile(join(files, 'invoices', name.replace('invoice-', '')), bytes);
  }
  const credentials = [
    credentialFor(sandbox),
    credentialFor(sandbox, { id: 'wrongSecret', name: 'Wrong Secret' }, { clientSecret: 'wrong' }),
    credentialFor(
      sandbox,
      { id: 'webPage', name: 'A Web Page' },
      { apiUrl: `http://127.0.0.1:${(webPage.address() as AddressInfo).port}/signstash` },
    ),
  ];
  await n8n.import(credentials, [
    await example('sign-webhook-upload', files),
    await example('sign-and-email', files),
    filesThrough('sign', await invoices(2), signStash("Sign'Stash")),
    chain('query', [
      step('Start', 'n8n-nodes-base.manualTrigger', 1, {}),
      signStash('Query', { resource: 'operation', operation: 'get' }),
    ]),
    chain('agent', [signStashTool('Tool')]),
  ]);
  await n8n.publish('sign-webhook-upload');
  url = await n8n.start();
  editor = await Editor.open(url);
});
afterAll(async () => {
  await editor?.close();
  await n8n?.close();
  await sandbox?.close();
  webPage?.close();
});
beforeEach(() => sandbox.admin.reset());

describe('the webhook example', () => {
  it('answers with the signed PDF', async () => {
    const { bytes, name } = await invoice('webhook');
    const response = await fetch(`${url}/webhook/sign-invoice`, {
      method: 'POST',
      headers: { 'content-type': 'application/pdf', 'content-disposition': `attachment; filename="${name}"` },
      body: bytes as Uint8Array<ArrayBuffer>,
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-external-reference')).toMatch(/^PRT\./);
    expect(await checkSignature(new Uint8Array(await response.arrayBuffer()), sandbox.caCertificatePath)).toEqual(
      goodSignature,
    );
  });

  it('answers with the reason if it cannot sign', async () => {
    const response = await fetch(`${url}/webhook/sign-invoice`, {
      method: 'POST',
      headers: { 'content-type': 'application/pdf' },
      body: 'no PDF',
    });
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ code: 'DOCUMENT_NOT_PDF', advice: expect.any(String) });
  });
});

describe('the credential dialog', () => {
  it('tests the connection', async () => {
    const dialog = await editor.openCredential('signStashTest');
    await dialog.getByText('Connection tested successfully').filter({ visible: true }).waitFor();
    expect(sandbox.admin.counts()).toMatchObject({ requests: { operationId: 1 }, documentsSigned: 0 });
    await editor.picture(pictures, 'credential', dialog);
  });

  it.each([
    ['wrongSecret', 'Failed to acquire OAuth2 access token: Bad credentials'],
    ['webPage', 'The API address answers with a web page: it is not the API.'],
  ])('explains why it cannot connect: %s', async (id, reason) => {
    const dialog = await editor.openCredential(id);
    await dialog.getByText('More details').click();
    await dialog.getByText(reason).waitFor();
  });
});

describe('the node panel', () => {
  it('signs documents and offers the signed files for viewing and download', async () => {
    await editor.openWorkflow('sign');
    await editor.runWorkflow();
    const panel = await editor.openNode("Sign'Stash");
    expect(await panel.chosen('resource')).toBe('Document');
    expect(await panel.chosen('operation')).toBe('Sign');
    expect(await panel.labels()).toEqual([
      'Resource',
      'Operation',
      'Input Data Field Name',
      'Signature Type',
      'Visible Seal',
      'Simplify',
      'Options',
      'Archive and Delivery',
      'Sending',
    ]);
    await panel.output.getByText('invoice-2-signed.pdf').waitFor();
    await editor.picture(pictures, 'sign');
  });

  it('shows the settings of a visible seal if it is switched on', async () => {
    await editor.openWorkflow('sign');
    // The screenshot must show the whole panel.
    await editor.page.setViewportSize({ width: 1280, height: 1360 });
    const panel = await editor.openNode("Sign'Stash");
    await panel.switchOn('visibleSeal');
    await panel.choose('sealPosition', 'At Placeholder Text');
    expect(await panel.labels()).toEqual(expect.arrayContaining(['Placeholder Text', 'Seal Text', 'Seal Appearance']));
    await panel.choose('sealPosition', 'At Coordinates');
    expect(await panel.labels()).toEqual(expect.arrayContaining(['Page', 'X', 'Y', 'Seal Text', 'Seal Appearance']));
    await editor.picture(pictures, 'visible-seal', panel.parameters);
    await editor.page.setViewportSize({ width: 1280, height: 900 });
    await panel.choose('signatureType', 'XAdES');
    expect(await panel.labels()).not.toContain('Visible Seal');
  });

  it('offers every query about an operation', async () => {
    await editor.openWorkflow('query');
    const panel = await editor.openNode('Query');
    expect(await panel.chosen('operation')).toBe('Get');
    expect(await panel.labels()).toEqual(['Resource', 'Operation', 'Operation ID', 'Simplify', 'Options']);
    const { 'Custom API Call': _, ...entries } = await panel.entries('operation');
    expect(Object.keys(entries)).toEqual([
      'Download Documents',
      'Get',
      'Get by Document Reference',
      'Get Status',
      'Resend Delivery E-Mails',
    ]);
    for (const explanation of Object.values(entries)) expect(explanation).not.toBe('');
    await panel.choose('operation', 'Resend Delivery E-Mails');
    expect(await panel.labels()).toEqual(expect.arrayContaining(['Receivers', 'Attach Documents']));
  });

  it('does not offer signing to agents', async () => {
    await editor.openWorkflow('agent');
    const panel = await editor.openNode('Tool');
    const resources = Object.keys(await panel.entries('resource'));
    expect(resources).toContain('Operation');
    expect(resources).not.toContain('Document');
    expect(Object.keys(await panel.entries('operation'))).not.toContain('Download Documents');
  });
});

it('runs an example on the canvas, where each node says what it does', async () => {
  await editor.openWorkflow('sign-and-email');
  await editor.runWorkflow();
  await editor.page.getByText('Sign document').waitFor();
  await editor.page.getByText('Get operation').waitFor();
  expect(sandbox.admin.counts().signedByReference).toEqual({ 'example.com:FT-2026-1': 1, 'example.com:FT-2026-2': 1 });
  await editor.picture(pictures, 'workflow');
});

it('has an icon for light and one for dark themes', async () => {
  const { iconUrl } = (await editor.nodeType('n8n-nodes-signstash.signStash')) as {
    iconUrl: { light: string; dark: string };
  };
  const [light, dark] = await Promise.all(
    [iconUrl.light, iconUrl.dark].map(async (path) => (await fetch(`${url}/${path}`)).text()),
  );
  expect(light).toMatch(/^<svg /);
  expect(dark).toMatch(/^<svg /);
  expect(dark).not.toBe(light);
});

it('logs and stores no secret and no token', async () => {
  expect(n8n.printed).toContain('Editor is now accessible');
  expect(await leaks(n8n, sandbox)).toEqual([]);
});
