import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { errorCodes } from '@signstash-connect/core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fixture } from '../e2e/support/documents.ts';
import { type PracticeDesk, practiceDesk } from '../e2e/support/practice-desk.ts';
import type { BatchView } from '../src/http/batch-view.ts';
import { en } from '../web/locales/en.ts';
import { pt } from '../web/locales/pt.ts';

let practice: PracticeDesk;
let url: string;
beforeAll(async () => {
  practice = await practiceDesk();
  url = practice.desk.url;
});
beforeEach(() => practice.sandbox.admin.reset());
afterAll(() => practice.close());

const invoice = await fixture('pdf-lib.pdf');

async function handIn(files: [name: string, bytes: Buffer][], seal: unknown = {}): Promise<Response> {
  const form = new FormData();
  form.append('seal', JSON.stringify(seal));
  for (const [name, bytes] of files) form.append('documents', new Blob([new Uint8Array(bytes)]), name);
  return fetch(`${url}/api/batches`, { method: 'POST', body: form });
}

async function finished(batch: BatchView): Promise<BatchView> {
  for (let seen = batch; ; ) {
    if (seen.done === seen.total) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
    seen = (await (await fetch(`${url}/api/batches/${batch.id}`)).json()) as BatchView;
  }
}

/** A request with headers that fetch does not let anybody set. */
function rawRequest(method: string, path: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    request(new URL(path, url), { method, headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .once('error', reject)
      .end();
  });
}

describe('a batch', () => {
  it('is sealed, shown, fetched and removed', async () => {
    const answer = await handIn([['pasta/Fatura 1.pdf', invoice]], { reason: 'Fatura' });
    expect(answer.status).toBe(201);
    const batch = await finished((await answer.json()) as BatchView);
    expect(batch.documents).toMatchObject([{ name: 'Fatura 1.pdf', state: 'sealed', result: { ok: true } }]);
    const { id } = batch.documents[0]!;
    const sealed = await fetch(`${url}/api/batches/${batch.id}/documents/${id}`);
    expect(sealed.headers.get('content-type')).toBe('application/pdf');
    expect(sealed.headers.get('content-disposition')).toBe('attachment; filename="Fatura 1-sealed.pdf"');
    expect(sealed.headers.get('x-content-type-options')).toBe('nosniff');
    expect(sealed.headers.get('cache-control')).toContain('no-store');
    expect(Buffer.from(await sealed.bytes()).includes('/ByteRange')).toBe(true);
    expect((await fetch(`${url}/api/batches/${batch.id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await fetch(`${url}/api/batches/${batch.id}/documents/${id}`)).status).toBe(404);
  });

  it('keeps what failed apart, with a code', async () => {
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
      ['sealed', true],
      ['failed', 'DOCUMENT_NOT_PDF'],
    ]);
    const refused = await fetch(`${url}/api/batches/${batch.id}/documents/${batch.documents[1]!.id}`);
    expect(refused.status).toBe(404);
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
  });

  it.each([
    ['no document', [], {}, 'NO_DOCUMENTS'],
    [
      'a seal without text',
      [['a.pdf', invoice]],
      { visible: { page: 1, x: 1, y: 1, width: 100, height: 50 } },
      'SEAL_INVALID',
    ],
    [
      'a seal nowhere',
      [['a.pdf', invoice]],
      { visible: { text: 'x', page: 0, x: 1, y: 1, width: 100, height: 50 } },
      'SEAL_INVALID',
    ],
    ['a reason without end', [['a.pdf', invoice]], { reason: 'x'.repeat(300) }, 'SEAL_INVALID'],
  ] as [string, [string, Buffer][], unknown, string][])('is refused with %s', async (_what, files, seal, code) => {
    const answer = await handIn(files, seal);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code });
  });

  it('cannot be guessed or reached by a path', async () => {
    for (const id of ['..', '%2e%2e%2fincoming', 'incoming', '00000000-0000-0000-0000-000000000000']) {
      expect((await fetch(`${url}/api/batches/${id}`)).status, id).toBe(404);
    }
  });
});

describe('what programs can use', () => {
  it('seals one document at once', async () => {
    const answer = await fetch(`${url}/api/seal`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/pdf' },
      body: new Uint8Array(invoice),
    });
    expect(Buffer.from(await answer.bytes()).includes('/ByteRange')).toBe(true);
  });

  it('tells whether documents can be sealed', async () => {
    expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'up' });
  });
});

describe('the page', () => {
  it('comes with headers that let in nothing foreign', async () => {
    const answer = await fetch(url);
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
  ])('lets %s change things or not', async (_who, headers, status) => {
    expect(await rawRequest('DELETE', '/api/batches/none', headers)).toBe(status);
  });

  it('answers under its own names only', async () => {
    expect(await rawRequest('GET', '/', { Host: 'localhost:1' })).toBe(200);
    expect(await rawRequest('GET', '/', { Host: 'rebound.example.org' })).toBe(421);
  });
});

describe('words', () => {
  it('are there for every kind of error, in both languages', () => {
    const families = new Set(Object.values(errorCodes).map(({ family }) => family));
    for (const words of [en, pt]) {
      for (const family of families) expect(words.families[family], family).toMatch(/\.$/);
      for (const code of Object.keys(en.errors)) expect(words.errors[code], code).toMatch(/\.$/);
    }
    expect(Object.keys(pt.errors)).toEqual(Object.keys(en.errors));
  });

  it('fill in the same things in both languages', () => {
    const holes = (text: unknown) => (String(text).match(/\{\w+\}/g) ?? []).sort();
    for (const key of Object.keys(en) as (keyof typeof en)[]) expect(holes(pt[key]), key).toEqual(holes(en[key]));
  });

  it('that the page asks for exist', async () => {
    const html = await readFile(new URL('../web/index.html', import.meta.url), 'utf8');
    const asked = [...html.matchAll(/data-words(?:-label)?="(\w+)"/g)].map(([, key]) => key!);
    expect(asked.length).toBeGreaterThan(30);
    for (const key of asked) expect(en, key).toHaveProperty(key);
  });
});

it('keeps no unsealed document once it is sealed', async () => {
  const batch = await finished((await (await handIn([['a.pdf', invoice]])).json()) as BatchView);
  const files = await readdir(join(practice.dataFolder, 'batches', batch.id));
  expect(files.map((name) => name.split('.').slice(1).join('.')).sort()).toEqual(['json', 'result.json', 'sealed.pdf']);
  expect(await readdir(join(practice.dataFolder, 'incoming'))).toEqual([]);
});
