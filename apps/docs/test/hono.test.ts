import { readFileSync } from 'node:fs';
import { createSignStash } from '@signstash-connect/core';
import { accessTo, isSignedVersionOf, simplePdf, startTestSandbox } from '@signstash-connect/testing';
import { describeConformance } from '@signstash-connect/testing/conformance';
import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { problemDetails, sendSigned, signUpload } from '../examples/hono/signstash.ts';
import { createDriver, listen, traits } from './support/hono-driver.ts';

describeConformance('the Hono example', traits, createDriver);

describe('the Hono example', () => {
  async function start(secret?: string) {
    const sandbox = await startTestSandbox();
    const client = createSignStash({ ...accessTo(sandbox), ...(secret ? { clientSecret: secret } : {}) });
    const app = new Hono();
    app.onError(problemDetails());
    app.post('/sign', signUpload(client, { maxFiles: 1, maxBytes: 100_000 }));
    app.get('/invoice', (c) => sendSigned(c, client, simplePdf(), { filename: 'Fatura nº 1.pdf' }));
    return { sandbox, url: await listen(app) };
  }

  it('signs a PDF and sends it', async () => {
    const { url } = await start();
    const answer = await fetch(`${url}/invoice`);
    expect(answer.headers.get('content-type')).toBe('application/pdf');
    expect(answer.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''Fatura%20n%C2%BA%201.pdf");
    expect(isSignedVersionOf(new Uint8Array(await answer.arrayBuffer()), simplePdf())).toBe(true);
  });

  it('reveals nothing about the credentials of the server to a caller', async () => {
    const { url } = await start('wrong');
    const answer = await fetch(`${url}/invoice`);
    expect(answer.status).toBe(502);
    const problem = await answer.json();
    expect(problem).toMatchObject({ code: 'CREDENTIALS_REFUSED', status: 502 });
    expect(JSON.stringify(problem)).not.toMatch(/clientId|secret/i);
  });

  it.each([
    ['UPLOAD_TOO_LARGE', 413, { body: new Uint8Array(100_001) }],
    ['UPLOAD_MALFORMED', 400, { body: 'a=b', headers: { 'content-type': 'text/plain' } }],
    ['UPLOAD_MISSING', 400, { body: form() }],
    ['UPLOAD_TOO_MANY_FILES', 413, { body: form('a', 'b') }],
  ])('answers %s before anything is sent', async (code, status, request) => {
    const { url, sandbox } = await start();
    const answer = await fetch(`${url}/sign`, { method: 'POST', ...request });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([status, code]);
    expect(sandbox.admin.requests()).toEqual([]);
  });

  it('has fewer than 120 lines', () => {
    const code = readFileSync(new URL('../examples/hono/signstash.ts', import.meta.url), 'utf8');
    expect(code.split('\n').length).toBeLessThan(120);
  });
});

function form(...names: string[]): FormData {
  const data = new FormData();
  for (const name of names) data.append('file', new Blob([new Uint8Array(simplePdf(name))]), `${name}.pdf`);
  return data;
}
