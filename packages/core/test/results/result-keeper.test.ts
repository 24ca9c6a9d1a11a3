import type { Sandbox } from '@signstash-connect/sandbox';
import { describe, expect, it } from 'vitest';
import { ResultKeeper } from '../../src/adapter-node.ts';
import type { ContentToCheck } from '../../src/client.ts';
import { folderResultStore, type ResultStore, type SignStash, type SignStashOptions } from '../../src/index.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';
import { clientOf, testSandbox } from '../support/sandbox-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** A client that signs through the sandbox's proxy, which stores no content. */
const viaProxy = (sandbox: Sandbox, overrides: Partial<SignStashOptions> = {}): SignStash => {
  const { proxyUrl, tokenUrl, apiUrl } = sandbox;
  return clientOf(sandbox, { environment: { proxyUrl, authorizationServer: { tokenUrl, apiUrl } }, ...overrides });
};

const content = minimalPdf('an invoice');
const failingStore: ResultStore = {
  get: () => Promise.reject(new Error('The disk is gone.')),
  set: () => Promise.reject(new Error('The disk is gone.')),
};

describe('ResultKeeper', () => {
  it('answers a second call through the proxy from the store, which fails without one', async () => {
    const sandbox = await testSandbox();
    const client = viaProxy(sandbox);
    const keeper = new ResultKeeper(folderResultStore(temporaryFolder()));
    const first = await keeper.sign(client, { content, reference: 'invoice-7', name: '7.pdf' });
    const second = await keeper.sign(client, { content, reference: 'invoice-7', name: '7.pdf' });
    expect(Buffer.from(second.content).equals(first.content)).toBe(true);
    expect(second).toMatchObject({ recovered: true, operationId: first.operationId, contentType: 'application/pdf' });
    expect(first.recovered).toBe(false);
    await expect(client.sign(content, { reference: 'invoice-7' })).rejects.toMatchObject({
      code: 'CONTENT_UNAVAILABLE',
    });
    expect(sandbox.admin.counts().documentsSigned).toBe(1);
    expect(sandbox.admin.counts().requests.sign).toBe(1);
  });

  it('restores documents whose reference is derived from their bytes', async () => {
    const sandbox = await testSandbox();
    const client = viaProxy(sandbox);
    const keeper = new ResultKeeper(folderResultStore(temporaryFolder()));
    const first = await keeper.sign(client, { content });
    const second = await keeper.sign(client, { content });
    expect(second).toMatchObject({ reference: first.reference, operationId: first.operationId, recovered: true });
    expect(Buffer.from(second.content).equals(first.content)).toBe(true);
    expect(sandbox.admin.counts().documentsSigned).toBe(1);
  });

  it('signs a reference once for concurrent calls', async () => {
    const sandbox = await testSandbox();
    const client = viaProxy(sandbox);
    const keeper = new ResultKeeper(folderResultStore(temporaryFolder()));
    const calls = Array.from({ length: 20 }, () => keeper.sign(client, { content, reference: 'invoice-7' }));
    const results = await Promise.all(calls);
    expect(new Set(results.map(({ operationId }) => operationId)).size).toBe(1);
    expect(results.filter(({ recovered }) => !recovered)).toHaveLength(1);
    expect(sandbox.admin.counts().documentsSigned).toBe(1);
  });

  it('checks a stored document with the function of the call, or else of the client', async () => {
    const sandbox = await testSandbox();
    const store = folderResultStore(temporaryFolder());
    const client = viaProxy(sandbox);
    const refuse = () => 'it is refused';
    const fail = () => {
      throw new Error('no trust list');
    };
    const document = { content, reference: 'invoice-7', name: '7.pdf' };
    await new ResultKeeper(store).sign(client, document);
    const error = { code: 'CONTENT_NOT_VALID', references: ['invoice-7'], document: '7.pdf' };
    const byCall = new ResultKeeper(store).sign(client, document, { contentCheck: refuse });
    await expect(byCall).rejects.toMatchObject({ ...error, message: expect.stringContaining('it is refused') });
    const byClient = new ResultKeeper(store, undefined, fail);
    await expect(byClient.sign(client, document)).rejects.toMatchObject({
      ...error,
      message: expect.stringContaining('the check failed: no trust list'),
    });
    expect(await byClient.sign(client, document, { contentCheck: 'on' })).toMatchObject({ recovered: true });
    const seen: unknown[] = [];
    const accept = ({ reference, signatureType, original }: ContentToCheck) => {
      seen.push([reference, signatureType, original]);
      return undefined;
    };
    expect(await byClient.sign(client, document, { contentCheck: accept })).toMatchObject({ recovered: true });
    expect(seen).toEqual([['invoice-7', 'PAdES', undefined]]);
  });

  it('lets the next call sign when the first one fails', async () => {
    const sandbox = await testSandbox();
    const client = viaProxy(sandbox);
    const keeper = new ResultKeeper(folderResultStore(temporaryFolder()));
    const stopped = AbortSignal.abort();
    const results = await Promise.allSettled([
      keeper.sign(client, { content, reference: 'invoice-7' }, { signal: stopped }),
      keeper.sign(client, { content, reference: 'invoice-7' }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  it('sends only the documents of a request that are not stored and keeps the order', async () => {
    const sandbox = await testSandbox();
    const client = viaProxy(sandbox);
    const keeper = new ResultKeeper(folderResultStore(temporaryFolder()));
    const document = (number: number) => ({ content: minimalPdf(`number ${number}`), reference: `invoice-${number}` });
    await keeper.sign(client, document(2));
    const results = await keeper.signMany(client, [document(1), document(2), document(3)]);
    expect(results.map(({ reference, ok }) => [reference, ok])).toEqual([
      ['invoice-1', true],
      ['invoice-2', true],
      ['invoice-3', true],
    ]);
    expect(results.map((result) => result.ok && result.recovered)).toEqual([false, true, false]);
    expect(sandbox.admin.counts().documentsSigned).toBe(3);
  });

  it('signs although the store fails, and reports it', async () => {
    const sandbox = await testSandbox();
    const warnings: string[] = [];
    const keeper = new ResultKeeper(failingStore, ({ code, message }) => warnings.push(`${code} ${message}`));
    const signed = await keeper.sign(viaProxy(sandbox), { content, reference: 'invoice-7' });
    expect(signed.ok).toBe(true);
    expect(warnings).toEqual([
      'RESULT_STORE_FAILED The result store could not read invoice-7: The disk is gone.',
      'RESULT_STORE_FAILED The result store could not store invoice-7: The disk is gone.',
    ]);
  });

  it('throws the error of the client when nothing is stored', async () => {
    const sandbox = await testSandbox();
    const client = viaProxy(sandbox);
    await client.sign(content, { reference: 'invoice-7' });
    const keeper = new ResultKeeper(folderResultStore(temporaryFolder()));
    await expect(keeper.sign(client, { content, reference: 'invoice-7' })).rejects.toMatchObject({
      code: 'CONTENT_UNAVAILABLE',
    });
  });
});

describe('the resultStore option', () => {
  it('lets sign return the stored document when the proxy has it signed already', async () => {
    const sandbox = await testSandbox();
    const resultStore = folderResultStore(temporaryFolder());
    const first = await viaProxy(sandbox, { resultStore }).sign(content);
    const [second] = await viaProxy(sandbox, { resultStore }).signMany([{ content }]);
    expect(second).toMatchObject({ ok: true, recovered: true, operationId: first.operationId });
    expect(second?.ok && Buffer.from(second.content).equals(first.content)).toBe(true);
    expect(sandbox.admin.counts().documentsSigned).toBe(1);
  });

  it('reports a store that fails as a warning and returns the signed document', async () => {
    const sandbox = await testSandbox();
    const warnings: string[] = [];
    const client = viaProxy(sandbox, {
      resultStore: failingStore,
      hooks: { onWarning: ({ code }) => void warnings.push(code) },
    });
    expect((await client.sign(content)).recovered).toBe(false);
    expect(warnings).toEqual(['RESULT_STORE_FAILED']);
  });
});

describe('a document that was signed at the SaaS before', () => {
  it('is retrieved from there when the proxy is used', async () => {
    const sandbox = await testSandbox();
    const atSaas = await clientOf(sandbox).sign(content);
    const again = await viaProxy(sandbox).sign(content);
    expect(again).toMatchObject({ recovered: true, operationId: atSaas.operationId });
    expect(Buffer.from(again.content).equals(atSaas.content)).toBe(true);
    expect(sandbox.admin.counts().documentsSigned).toBe(1);
  });
});
