import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSignStash, optionsFromEnv } from '@signstash-connect/core';
import { errorCodes } from '@signstash-connect/core/adapter';
import type { ReasonCode } from '@signstash-connect/verify';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { fixture } from '../e2e/support/documents.ts';
import {
  accessToken,
  authorized,
  type SandboxDesk,
  sandboxEnv,
  startSandboxDesk,
} from '../e2e/support/sandbox-desk.ts';
import { runScript } from '../e2e/support/script.ts';
import { BatchStore } from '../src/batches/batch-store.ts';
import type { BatchView } from '../src/http/batch-view.ts';
import { readSettings } from '../src/settings.ts';
import { startDesk } from '../src/start-desk.ts';
import { en } from '../web/locales/en.ts';
import { pt } from '../web/locales/pt.ts';

let desk: SandboxDesk;
let url: string;
beforeAll(async () => {
  desk = await startSandboxDesk();
  url = desk.desk.url;
});
beforeEach(() => desk.sandbox.admin.reset());
afterAll(() => desk.close());

const invoice = await fixture('pdf-lib.pdf');

/** `fetch` with the access token. */
const call = (address: string, init: RequestInit = {}): Promise<Response> =>
  fetch(address, { ...init, headers: { ...authorized, ...(init.headers as Record<string, string>) } });

async function handIn(files: [name: string, bytes: Buffer][], options: unknown = {}): Promise<Response> {
  const form = new FormData();
  form.append('options', JSON.stringify(options));
  for (const [name, bytes] of files) form.append('documents', new Blob([new Uint8Array(bytes)]), name);
  return call(`${url}/api/batches`, { method: 'POST', body: form });
}

async function finished(batch: BatchView): Promise<BatchView> {
  for (let seen = batch; ; ) {
    if (seen.done === seen.total) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
    seen = (await (await call(`${url}/api/batches/${batch.id}`)).json()) as BatchView;
  }
}

/** A request with headers that fetch does not allow. */
function rawRequest(method: string, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    request(new URL(path, url), { method, headers: { ...authorized, ...headers } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .once('error', reject)
      .end();
  });
}

describe('a batch', () => {
  it('is signed, shown, fetched and removed', async () => {
    const answer = await handIn([['pasta/Fatura 1.pdf', invoice]], { reason: 'Fatura' });
    expect(answer.status).toBe(201);
    const batch = await finished((await answer.json()) as BatchView);
    expect(batch.documents).toMatchObject([
      { name: 'Fatura 1.pdf', state: 'signed', result: { ok: true, verdict: 'valid' } },
    ]);
    const { id } = batch.documents[0]!;
    const signed = await call(`${url}/api/batches/${batch.id}/documents/${id}`);
    expect(signed.headers.get('content-type')).toBe('application/pdf');
    expect(signed.headers.get('content-disposition')).toBe('attachment; filename="Fatura 1-signed.pdf"');
    expect(signed.headers.get('x-content-type-options')).toBe('nosniff');
    expect(signed.headers.get('cache-control')).toContain('no-store');
    expect(Buffer.from(await signed.bytes()).includes('/ByteRange')).toBe(true);
    expect((await call(`${url}/api/batches/${batch.id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await call(`${url}/api/batches/${batch.id}/documents/${id}`)).status).toBe(404);
  });

  it('lists failed documents separately, with a code', async () => {
    const broken = Buffer.from('<script>alert(1)</script>');
    const batch = await finished(
      (await (
        await handIn([
          ['a.pdf', invoice],
          ['b.html', broken],
        ])
      ).json()) as BatchView,
    );
    expect(batch.documents.map(({ state, result }) => [state, result?.ok || result?.code])).toEqual([
      ['signed', true],
      ['failed', 'DOCUMENT_NOT_PDF'],
    ]);
    const refused = await call(`${url}/api/batches/${batch.id}/documents/${batch.documents[1]!.id}`);
    expect(refused.status).toBe(404);
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
  });

  it.each([
    ['no document', [], {}, 'NO_DOCUMENTS'],
    [
      'a seal without text',
      [['a.pdf', invoice]],
      { visiblePosition: 'page=1,x=1,y=1', visibleSize: '100x50' },
      'SIGN_OPTIONS_INVALID',
    ],
    [
      'a seal nowhere',
      [['a.pdf', invoice]],
      { visibleText: 'x', visiblePosition: 'page=0,x=1,y=1', visibleSize: '100x50' },
      'SIGN_OPTIONS_INVALID',
    ],
    ['a reason without end', [['a.pdf', invoice]], { reason: 'x'.repeat(300) }, 'SIGN_OPTIONS_INVALID'],
  ] as [string, [string, Buffer][], unknown, string][])('is refused with %s', async (_what, files, seal, code) => {
    const answer = await handIn(files, seal);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code });
  });

  it('cannot be guessed or reached by a path', async () => {
    for (const id of ['..', '%2e%2e%2fincoming', 'incoming', '00000000-0000-0000-0000-000000000000']) {
      expect((await call(`${url}/api/batches/${id}`)).status, id).toBe(404);
    }
  });
});

describe('a check', () => {
  const check = (name: string, bytes: Uint8Array | string) => {
    const form = new FormData();
    form.append('document', new Blob([bytes as Uint8Array<ArrayBuffer>]), name);
    return call(`${url}/api/check`, { method: 'POST', body: form });
  };
  const client = () => createSignStash(optionsFromEnv(sandboxEnv(desk.sandbox)));

  it('reports a signed PDF, XML file and CMS file as valid', async () => {
    for (const [name, content, type] of [
      ['a.pdf', invoice, 'PAdES'],
      ['a.xml', Buffer.from('<?xml version="1.0"?><Invoice><ID>1</ID></Invoice>'), 'XAdES'],
      ['a.p7m', Buffer.from('Invoice 1'), 'CAdES'],
    ] as const) {
      const signed = await client().sign(content, { type, name });
      const response = await check(name, signed.content);
      expect(response.status, name).toBe(200);
      expect(response.headers.get('cache-control')).toContain('no-store');
      expect(await response.json()).toMatchObject({ name, verdict: 'valid', signatures: [{ kind: type }] });
    }
  });

  it('reports a changed byte and a document without a signature as invalid', async () => {
    const { content } = await client().sign(invoice);
    const changed = Buffer.from(content);
    changed[100]! ^= 1;
    expect(await (await check('a.pdf', changed)).json()).toMatchObject({ verdict: 'invalid' });
    expect(await (await check('a.pdf', invoice)).json()).toMatchObject({
      verdict: 'invalid',
      reasons: [{ code: 'no-signature' }],
      signatures: [],
    });
    expect(await (await check('a.html', '<script>alert(1)</script>')).json()).toMatchObject({ verdict: 'invalid' });
  });

  it('refuses a file that is too large, a second file and no file, and keeps none of them', async () => {
    const large = await check('a.pdf', new Uint8Array(25 * 1024 * 1024 + 1));
    expect([large.status, await large.json()]).toMatchObject([413, { code: 'UPLOAD_TOO_LARGE' }]);
    const two = new FormData();
    for (const name of ['a.pdf', 'b.pdf']) two.append('document', new Blob(['x']), name);
    for (const [body, code] of [
      [two, 'REQUEST_INVALID'],
      [new FormData(), 'NO_DOCUMENTS'],
    ] as const) {
      const response = await call(`${url}/api/check`, { method: 'POST', body });
      expect([response.status, await response.json()]).toMatchObject([400, { code }]);
    }
    expect(await readdir(join(desk.dataFolder, 'incoming'))).toEqual([]);
  });

  it('needs the access token', async () => {
    expect((await fetch(`${url}/check`)).status).toBe(401);
    expect((await fetch(`${url}/api/check`, { method: 'POST', body: 'x' })).status).toBe(401);
    const page = await call(`${url}/check`);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  });
});

describe('the API for programs', () => {
  it('signs one document at once', async () => {
    const answer = await call(`${url}/api/sign`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/pdf' },
      body: new Uint8Array(invoice),
    });
    expect(Buffer.from(await answer.bytes()).includes('/ByteRange')).toBe(true);
  });

  it('reports whether documents can be signed', async () => {
    expect(await (await call(`${url}/health`)).json()).toMatchObject({ status: 'up' });
  });
});

describe('the page', () => {
  it('has headers that block resources of other origins', async () => {
    const answer = await call(url);
    const policy = answer.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    expect(answer.headers.get('x-powered-by')).toBeNull();
  });

  it.each<[string, Record<string, string>, number]>([
    ['its own page', { 'Sec-Fetch-Site': 'same-origin' }, 404],
    ['a program', {}, 404],
    ['another site', { 'Sec-Fetch-Site': 'cross-site' }, 403],
    ['another port of this machine', { 'Sec-Fetch-Site': 'same-site' }, 403],
    ['an old browser on another site', { Origin: 'https://example.org' }, 403],
    ['a sandboxed frame', { Origin: 'null' }, 403],
  ])('accepts or refuses changes with %s', async (_who, headers, status) => {
    expect(await rawRequest('DELETE', '/api/batches/none', headers)).toBe(status);
  });

  it('responds only to its own host names', async () => {
    expect(await rawRequest('GET', '/', { Host: 'localhost:1' })).toBe(200);
    expect(await rawRequest('GET', '/', { Host: 'rebound.example.org' })).toBe(421);
  });
});

describe('texts', () => {
  it('exist for every kind of error, in both languages', () => {
    const families = new Set(Object.values(errorCodes).map(({ family }) => family));
    for (const texts of [en, pt]) {
      for (const family of families) expect(texts.families[family], family).toMatch(/\.$/);
      for (const code of Object.keys(en.errors)) expect(texts.errors[code], code).toMatch(/\.$/);
    }
    expect(Object.keys(pt.errors)).toEqual(Object.keys(en.errors));
    // Also checked by the compiler: a text for every code.
    const findings: Record<ReasonCode, string> = en.findings;
    for (const text of Object.values(findings)) expect(text).toMatch(/\.$/);
    for (const key of ['findings', 'badges', 'verdicts'] as const) {
      expect(Object.keys(pt[key])).toEqual(Object.keys(en[key]));
    }
  });

  it('have the same placeholders in both languages', () => {
    const holes = (text: unknown) => (String(text).match(/\{\w+\}/g) ?? []).sort();
    for (const key of Object.keys(en) as (keyof typeof en)[]) expect(holes(pt[key]), key).toEqual(holes(en[key]));
  });

  it.each([
    ['index.html', 30],
    ['check.html', 8],
  ])('that %s asks for exist', async (page, count) => {
    const html = await readFile(new URL(`../web/${page}`, import.meta.url), 'utf8');
    const asked = [...html.matchAll(/data-(?:text(?:-label)?|title)="(\w+)"/g)].map(([, key]) => key!);
    expect(asked.length).toBeGreaterThan(count);
    for (const key of asked) expect(en, key).toHaveProperty(key);
  });
});

it('keeps no unsigned document once it is signed', async () => {
  const batch = await finished((await (await handIn([['a.pdf', invoice]])).json()) as BatchView);
  const files = await readdir(join(desk.dataFolder, 'batches', batch.id));
  expect(files.map((name) => name.split('.').slice(1).join('.')).sort()).toEqual(['json', 'result.json', 'signed.pdf']);
  expect(await readdir(join(desk.dataFolder, 'incoming'))).toEqual([]);
});

describe('access', () => {
  it('is refused without the token, for the page, the API and the scripts', async () => {
    for (const path of ['/', '/api/desk', '/api/batches/none', '/scripts/main.js']) {
      const answer = await fetch(`${url}${path}`);
      expect(answer.status, path).toBe(401);
      expect(await answer.json(), path).toMatchObject({ code: 'ACCESS_DENIED' });
    }
    expect((await fetch(`${url}/api/sign`, { method: 'POST', body: 'x' })).status).toBe(401);
  });

  it('is refused with another token, of any length', async () => {
    for (const token of ['', 'x', `${accessToken}x`, accessToken.slice(1), 'x'.repeat(5_000)]) {
      expect((await fetch(`${url}/api/desk`, { headers: { Authorization: `Bearer ${token}` } })).status).toBe(401);
      expect((await fetch(`${url}/?access=${token}`, { redirect: 'manual' })).status).toBe(401);
    }
  });

  it('is granted by a cookie to the browser that opens the printed address', async () => {
    const opened = await fetch(desk.desk.openUrl, { redirect: 'manual' });
    expect(opened.status).toBe(303);
    expect(opened.headers.get('location')).toBe('/');
    const cookie = opened.headers.get('set-cookie')!;
    expect(cookie).toMatch(/; HttpOnly/);
    expect(cookie).toMatch(/; SameSite=Strict/);
    const page = await fetch(url, { headers: { Cookie: `a=b; ${cookie.split(';')[0]}` } });
    expect(page.status).toBe(200);
  });

  it('is not needed for the probes of a load balancer', async () => {
    expect((await fetch(`${url}/live`)).status).toBe(204);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });
});

describe('the settings', () => {
  const read = (env: NodeJS.ProcessEnv) => readSettings({ DESK_DATA_FOLDER: desk.dataFolder, ...env });
  const token = 'a-long-and-random-value';

  it('give each run a new access token', async () => {
    const [first, second] = [await read({}), await read({})];
    expect(first.accessToken).not.toBe(second.accessToken);
    expect(first.accessToken.length).toBeGreaterThanOrEqual(32);
  });

  it('refuse to listen beyond loopback without an access token and host names', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'desk.example.org']) {
      await expect(read({ DESK_HOST: host })).rejects.toThrow('set DESK_ACCESS_TOKEN');
    }
    await expect(read({ DESK_HOST: '0.0.0.0', DESK_ACCESS_TOKEN: token })).rejects.toThrow('DESK_HOST_NAMES');
    await expect(read({ DESK_ACCESS_TOKEN: 'short' })).rejects.toThrow('too short');
    await expect(read({ DESK_PORT: 'x' })).rejects.toThrow('Invalid DESK_PORT "x"');
  });

  it('serve the name localhost on loopback only', async () => {
    const names = async (env: NodeJS.ProcessEnv) => (await read({ DESK_ACCESS_TOKEN: token, ...env })).hostNames;
    expect(await names({ DESK_HOST_NAMES: 'desk.example.org' })).toEqual([
      'localhost',
      '127.0.0.1',
      '[::1]',
      'desk.example.org',
    ]);
    expect(await names({ DESK_HOST: '0.0.0.0', DESK_HOST_NAMES: 'Desk.example.org, 192.0.2.1' })).toEqual([
      'desk.example.org',
      '192.0.2.1',
    ]);
    expect(await names({ DESK_HOST: '192.0.2.1' })).toEqual(['192.0.2.1']);
  });

  it('refuse the host name localhost on 0.0.0.0', async () => {
    const settings = await read({
      DESK_HOST: '0.0.0.0',
      DESK_PORT: '0',
      DESK_ACCESS_TOKEN: token,
      DESK_HOST_NAMES: 'desk.example.org',
    });
    const exposed = await startDesk(settings, sandboxEnv(desk.sandbox));
    onTestFinished(() => exposed.close());
    expect(exposed.exposed).toBe(true);
    const { port } = new URL(exposed.url);
    const status = (host: string) =>
      new Promise((resolve, reject) => {
        const headers = { Host: host, Authorization: `Bearer ${token}` };
        request({ port, headers }, (answer) => resolve(answer.resume().statusCode))
          .once('error', reject)
          .end();
      });
    expect(await status('localhost')).toBe(421);
    expect(await status('127.0.0.1')).toBe(421);
    expect(await status('desk.example.org')).toBe(200);
  });
});

describe('names of uploaded files', () => {
  it('that look like a drive do not break the zip of the batch', async () => {
    const other = Buffer.concat([invoice, Buffer.from('\n%2\n')]);
    const files: [string, Buffer][] = [
      ['C:x.pdf', invoice],
      ['a<b>?.pdf', other],
    ];
    const batch = await finished((await (await handIn(files)).json()) as BatchView);
    expect(batch.documents.map(({ name }) => name)).toEqual(['x.pdf', 'a_b__.pdf']);
    const zip = await call(`${url}/api/batches/${batch.id}/documents.zip`);
    expect(zip.status).toBe(200);
    const bytes = Buffer.from(await zip.bytes()).toString('latin1');
    expect(bytes).toContain('x-signed.pdf');
    expect(bytes).toContain('a_b__-signed.pdf');
  });
});

describe('a mail', () => {
  it.each<[string, string | undefined, string | undefined]>([
    ['no body', undefined, undefined],
    ['a body that is not JSON', 'text/plain', 'a@example.org'],
    ['a list', 'application/json', '[]'],
    ['no receivers', 'application/json', '{}'],
    ['receivers that are not text', 'application/json', '{"receivers":[{"toString":1}]}'],
    ['too many receivers', 'application/json', JSON.stringify({ receivers: Array(21).fill('a@example.org') })],
  ])('is refused with %s', async (_what, type, body) => {
    const batch = await finished((await (await handIn([['a.pdf', invoice]])).json()) as BatchView);
    const answer = await call(`${url}/api/batches/${batch.id}/documents/${batch.documents[0]!.id}/mail`, {
      method: 'POST',
      ...(type ? { headers: { 'Content-Type': type } } : {}),
      ...(body === undefined ? {} : { body }),
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'RECEIVER_INVALID' });
    expect(desk.sandbox.admin.counts().mailsResent).toBe(0);
  });
});

describe('a desk that was killed', () => {
  it('signs the rest of its batches after a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'invoice-desk-restart-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const settings = await readSettings({
      DESK_DATA_FOLDER: folder,
      DESK_PORT: '0',
      DESK_ACCESS_TOKEN: accessToken,
    });
    // As a killed process leaves it: stored, but nothing in memory.
    await mkdir(join(folder, 'batches'), { recursive: true });
    const store = new BatchStore(join(folder, 'batches'));
    const path = join(folder, 'upload');
    await writeFile(path, invoice);
    const document = { path, name: 'a.pdf', size: invoice.byteLength, reference: 'restart-1' };
    const batch = await store.create({}, [document]);
    const restarted = await startDesk(settings, sandboxEnv(desk.sandbox));
    onTestFinished(() => restarted.close());
    const view = async () => (await (await call(`${restarted.url}/api/batches/${batch.id}`)).json()) as BatchView;
    let seen = await view();
    while (seen.done < seen.total) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      seen = await view();
    }
    expect(seen.documents.map(({ state }) => state)).toEqual(['signed']);
    expect(desk.sandbox.admin.counts().signedByReference).toEqual({ 'restart-1': 1 });
  });

  it('removes its temporary folder when it closes', async () => {
    const settings = await readSettings({ DESK_PORT: '0' });
    expect(settings.temporary).toBe(true);
    const closed = await startDesk(settings, sandboxEnv(desk.sandbox));
    expect((await stat(settings.dataFolder)).isDirectory()).toBe(true);
    await closed.close();
    await expect(stat(settings.dataFolder)).rejects.toThrow('ENOENT');
  });

  it('removes its temporary folder when its port is taken', async () => {
    const settings = await readSettings({ DESK_PORT: new URL(url).port });
    await expect(startDesk(settings, sandboxEnv(desk.sandbox))).rejects.toThrow('EADDRINUSE');
    await expect(stat(settings.dataFolder)).rejects.toThrow('ENOENT');
  });

  it('removes its temporary folder when it is interrupted twice', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'invoice-desk-interrupted-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    desk.sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', delayMs: 60_000 });
    const env = { TMPDIR: folder, DESK_PORT: '0', DESK_ACCESS_TOKEN: accessToken, ...sandboxEnv(desk.sandbox) };
    const { process: child, line, kill } = await runScript('src/main.ts', env, /^Invoice desk: /);
    onTestFinished(() => kill());
    const address = new URL(line.slice(line.indexOf('http'))).origin;
    const form = new FormData();
    form.append('documents', new Blob([new Uint8Array(invoice)]), 'a.pdf');
    expect((await call(`${address}/api/batches`, { method: 'POST', body: form })).status).toBe(201);
    await vi.waitUntil(() => desk.sandbox.admin.counts().requests.sign > 0, 10_000);
    const exited = once(child, 'exit');
    child.kill('SIGINT');
    // It waits for the document, but no longer listens.
    await vi.waitUntil(async () => !(await fetch(`${address}/live`).catch(() => undefined)), 10_000);
    expect((await readdir(folder)).filter((name) => name.startsWith('invoice-desk-'))).toHaveLength(1);
    child.kill('SIGINT');
    expect(await exited).toEqual([1, null]);
    expect((await readdir(folder)).filter((name) => name.startsWith('invoice-desk-'))).toEqual([]);
  });

  it('has its temporary folder removed by a later desk, after a day', async () => {
    // No process has this id: it is above the largest one that Linux gives.
    const [old, recent] = ['invoice-desk-4999999-old', 'invoice-desk-4999999-new'].map((name) => join(tmpdir(), name));
    await mkdir(old!, { recursive: true });
    await mkdir(recent!, { recursive: true });
    await utimes(old!, new Date(0), new Date(0));
    onTestFinished(() => rm(recent!, { recursive: true, force: true }));
    const { dataFolder } = await readSettings({});
    await rm(dataFolder, { recursive: true });
    await expect(stat(old!)).rejects.toThrow('ENOENT');
    expect((await stat(recent!)).isDirectory()).toBe(true);
  });
});
