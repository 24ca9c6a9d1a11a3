import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createSignStash,
  onPremise,
  optionsFromEnv,
  type SignStashError,
  type SignStashOptions,
} from '@signstash-connect/core';
import { startSandbox } from '@signstash-connect/sandbox';
import { root } from './pages.ts';

const fixture = (name: string) => readFileSync(join(root, 'packages/sandbox/test/fixtures', name));

/** Provokes real failures as users see them. @returns Their errors. */
export async function provokeAll(): Promise<SignStashError[]> {
  const sandbox = await startSandbox();
  const folder = mkdtempSync(join(tmpdir(), 'signstash-provoke-'));
  const page = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html><title>Log in</title></html>');
  });
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  const webPage = `http://127.0.0.1:${(page.address() as AddressInfo).port}`;
  const { tokenUrl, apiUrl, proxyUrl, clientId, clientSecret } = sandbox;
  const client = (options: Partial<SignStashOptions> = {}) =>
    createSignStash({
      environment: { tokenUrl, apiUrl },
      clientId,
      clientSecret,
      retry: { attempts: 1, maxLookupAttempts: 1, lookupGraceMs: 0, pendingMs: 1, throttledMs: 1 },
      ...options,
    });
  let count = 0;
  const invoice = () => Buffer.concat([fixture('cairo.pdf'), Buffer.from(`\n% ${++count}\n`)]);
  const write = (name: string, content: string | Buffer) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const signAll = async (path: string) => {
    for await (const result of client().signAll([path])) if (!result.ok) throw result.error;
  };
  const fault = (kind: object) => sandbox.admin.addFault({ endpoint: 'sign', ...kind } as never);
  const situations: (() => unknown)[] = [
    () => client({ clientSecret: 'wrong' }).sign(invoice()),
    () => client({ environment: { tokenUrl: `${webPage}/token`, apiUrl } }).sign(invoice()),
    () => client({ environment: { tokenUrl, apiUrl: webPage } }).sign(invoice()),
    () => client({ environment: { tokenUrl: 'http://127.0.0.1:1/token', apiUrl } }).sign(invoice()),
    () => client({ environment: { tokenUrl, apiUrl: 'http://127.0.0.1:1/api' }, lookUpFirst: false }).sign(invoice()),
    () => client({ environment: 'test' as never }),
    () =>
      client({
        environment: onPremise({ proxyUrl: 'http://signstash.intranet:8080', authorizationServer: 'staging' }),
      }),
    () => optionsFromEnv({ SIGNSTASH_ENVIRONMENT: 'staging', SIGNSTASH_CLIENT_SECRET: 'secret' }),
    () => client().sign(write('notes.pdf', 'plain text')),
    () => client().sign(fixture('encrypted.pdf'), { name: 'encrypted.pdf' }),
    () => client().sign(join(folder, 'missing.pdf')),
    () => client().sign(invoice(), { reference: 'FT 2026/7', name: 'FT-7.pdf' }),
    async () => {
      const twice = invoice();
      await client().signMany([
        { content: twice, name: 'a.pdf' },
        { content: twice, name: 'b.pdf' },
      ]);
    },
    async () => {
      write('done-signed.pdf', 'earlier');
      await signAll(write('done.pdf', invoice()));
    },
    () => {
      fault({ kind: 'latency', phase: 'before', delayMs: 3_000 });
      return client({
        timeouts: { signMs: 200 },
        lookUpFirst: false,
        environment: onPremise({ proxyUrl, authorizationServer: { tokenUrl } }),
      }).sign(invoice());
    },
    () => {
      fault({ kind: 'rate-limit', retryAfterSeconds: 120 });
      return client({ lookUpFirst: false }).sign(invoice());
    },
    async () => {
      const full = await startSandbox({ limitUsageCount: 0, clientId, clientSecret });
      try {
        await client({ environment: { tokenUrl: full.tokenUrl, apiUrl: full.apiUrl } }).sign(invoice());
      } finally {
        await full.close();
      }
    },
    async () => {
      const throughProxy = client({ environment: onPremise({ proxyUrl, authorizationServer: { tokenUrl, apiUrl } }) });
      const pdf = invoice();
      await throughProxy.sign(pdf);
      await throughProxy.sign(pdf);
    },
  ];
  const errors: SignStashError[] = [];
  try {
    for (const [index, situation] of situations.entries()) {
      try {
        await situation();
        throw new Error(`Situation ${index} went well.`);
      } catch (error) {
        if (typeof (error as SignStashError).code !== 'string') throw error;
        errors.push(error as SignStashError);
      }
    }
  } finally {
    page.close();
    await sandbox.close();
    rmSync(folder, { recursive: true });
  }
  return errors;
}
