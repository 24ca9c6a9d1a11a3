import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { type Sandbox, startSandbox } from '@signstash-connect/sandbox';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { invoice, invoices } from './support/documents.ts';
import { type Execution, N8n } from './support/n8n.ts';
import { checkSignature, goodSignature } from './support/pdfsig.ts';
import { leaks } from './support/secrets.ts';
import { credentialFor, filesThrough, signStash, type TestFile, type Workflow } from './support/workflow.ts';

const notPdf: TestFile = { name: 'notes.pdf', mimeType: 'application/pdf', bytes: Buffer.from('not a PDF at all') };
const wrongSecret = { id: 'wrongSecret', name: 'Wrong Secret' };
const rejecting409 = { id: 'rejecting409', name: 'Rejecting With 409' };
const throughProxy = { id: 'throughProxy', name: 'Through Proxy' };

let sandbox: Sandbox;
/** A service that rejects tokens with 409 instead of 401; both are documented. */
let conflicting: Sandbox;
let n8n: N8n;

beforeAll(async () => {
  [sandbox, conflicting] = await Promise.all([startSandbox(), startSandbox({ refusedToken: '409' })]);
  n8n = await N8n.create(inject('tools'), inject('packed'));
  const credentials = [
    credentialFor(sandbox),
    credentialFor(sandbox, wrongSecret, { clientSecret: 'not-the-secret' }),
    credentialFor(sandbox, throughProxy, { proxyUrl: sandbox.proxyUrl }),
    credentialFor(conflicting, rejecting409),
  ];
  await n8n.import(credentials, await workflows());
});
afterAll(async () => {
  await n8n?.close();
  await Promise.all([sandbox?.close(), conflicting?.close()]);
});
beforeEach(() => sandbox.admin.reset());

async function workflows(): Promise<Workflow[]> {
  const one = await invoice('one');
  const xml = await readFile(new URL('../../../../packages/sandbox/test/fixtures/ubl-invoice.xml', import.meta.url));
  const afterSigning = { operationId: "={{ $('Sign').item.json.operationId }}", resource: 'operation' };
  return [
    filesThrough('three', await invoices(3), signStash('Sign')),
    filesThrough('one', [one], signStash('Sign')),
    filesThrough('one-by-one', await invoices(5, 100), signStash('Sign', { sending: { batchSize: 1 } })),
    filesThrough('short-timeout', await invoices(4, 200), signStash('Sign', { sending: { timeout: 2 } })),
    filesThrough('multipart', await invoices(2, 300), signStash('Sign', { sending: { format: 'multipart' } })),
    filesThrough(
      'mixed',
      [one, notPdf, await invoice('two')],
      signStash('Sign', {}, { onError: 'continueRegularOutput' }),
    ),
    filesThrough('mixed-outputs', [one, notPdf], signStash('Sign', {}, { onError: 'continueErrorOutput' })),
    filesThrough('repeated-file', [one, one], signStash('Sign')),
    filesThrough(
      'retried',
      [one],
      signStash(
        'Sign',
        { sending: { waitForExecution: 1 } },
        { retryOnFail: true, maxTries: 2, waitBetweenTries: 500 },
      ),
    ),
    filesThrough(
      'kinds',
      [
        { name: 'ubl.xml', mimeType: 'application/xml', bytes: xml },
        { ...(await invoice('visible')), mimeType: 'application/octet-stream' },
      ],
      signStash(
        'Sign',
        {
          visibleSeal: true,
          sealPosition: 'placeholder',
          visiblePlaceholder: '#seal#',
          visibleText: 'Signed by $certificate.getCommonName()',
          sealAppearance: { width: 160, height: 40, visibleFontSize: 9 },
          options: { reason: 'Invoice', timestamp: true },
        },
        { onError: 'continueRegularOutput' },
      ),
    ),
    filesThrough('cades', [notPdf], signStash('Sign', { signatureType: 'CAdES' })),
    filesThrough(
      'operations',
      await invoices(2, 400),
      signStash('Sign', { delivery: { preserveContent: true, deliveryEmails: 'ana@example.com' } }),
      signStash('Get', { ...afterSigning, operation: 'get' }),
      signStash('Raw', { ...afterSigning, operation: 'get', simplify: false }),
      signStash('Find', {
        resource: 'operation',
        operation: 'getByReference',
        externalReference: "={{ $('Sign').item.json.externalReference }}",
      }),
      signStash('Status', { ...afterSigning, operation: 'getStatus' }),
      signStash('Resend', {
        ...afterSigning,
        operation: 'resendEmails',
        receivers: 'ana@example.com; rui@example.com',
        attachDocuments: true,
      }),
      signStash('Download', { ...afterSigning, operation: 'downloadDocuments', outputField: 'signed' }),
    ),
    filesThrough('no-such-operation', [one], {
      ...signStash('Get', { resource: 'operation', operation: 'get', operationId: '99' }),
    }),
    filesThrough('wrong-secret', await invoices(3), {
      ...signStash('Sign'),
      credentials: { signStashOAuth2Api: wrongSecret },
    }),
    filesThrough('rejected-409', [one], {
      ...signStash('Sign'),
      credentials: { signStashOAuth2Api: rejecting409 },
    }),
    filesThrough('through-proxy', await invoices(2, 500), {
      ...signStash('Sign'),
      credentials: { signStashOAuth2Api: throughProxy },
    }),
  ];
}

async function expectGoodSignatures(run: Execution, count: number): Promise<void> {
  expect(run.error).toBeUndefined();
  const items = run.output('Sign');
  expect(items).toHaveLength(count);
  for (const item of items) {
    expect(await checkSignature(await n8n.bytes(item), sandbox.caCertificatePath)).toEqual(goodSignature);
  }
}

const countSignedOnce = () => {
  const counts = Object.values(sandbox.admin.counts().signedByReference);
  expect(counts.every((count) => count === 1)).toBe(true);
  return counts.length;
};

describe('signing', () => {
  it('signs all items in one request with one token, which a second process uses too', async () => {
    const first = await n8n.execute('three');
    await expectGoodSignatures(first, 3);
    expect(first.exitCode).toBe(0);
    expect(first.output('Sign').map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }, { item: 2 }]);
    expect(first.output('Sign')[0]?.binary?.data).toMatchObject({
      data: 'filesystem-v2',
      fileName: 'invoice-1-signed.pdf',
      mimeType: 'application/pdf',
    });
    expect(sandbox.admin.counts()).toMatchObject({ tokensIssued: 1, requests: { sign: 1 }, documentsSigned: 3 });

    const second = await n8n.execute('three');
    await expectGoodSignatures(second, 3);
    expect(second.output('Sign').every(({ json }) => json.recovered === true)).toBe(true);
    expect(sandbox.admin.counts()).toMatchObject({ tokensIssued: 1, requests: { sign: 1 }, documentsSigned: 3 });
    console.log(`An execution takes ${first.seconds.toFixed(1)} s and ${second.seconds.toFixed(1)} s.`);
  });

  it('places a visible seal at a placeholder, and none on XML', async () => {
    const run = await n8n.execute('kinds');
    const [xml, pdf] = run.output('Sign');
    // A visible seal is for PDF files only: the XML file fails alone, with the reason.
    expect(xml?.json).toMatchObject({ code: 'SEAL_OPTIONS_CONFLICT' });
    expect(pdf?.json.error).toBeUndefined();
    expect(await checkSignature(await n8n.bytes(pdf as never), sandbox.caCertificatePath)).toEqual(goodSignature);
  });

  it('signs any file as CAdES', async () => {
    const run = await n8n.execute('cades');
    expect(run.error).toBeUndefined();
    expect(run.output('Sign')[0]?.json).toMatchObject({ documentStatus: 'SIGNED' });
  });

  it('signs by multipart', async () => {
    await expectGoodSignatures(await n8n.execute('multipart'), 2);
    expect(sandbox.admin.counts().requests).toMatchObject({ sign: 0, signMultipart: 1 });
  });

  it('signs through the proxy and sends queries to the service', async () => {
    await expectGoodSignatures(await n8n.execute('through-proxy'), 2);
    const paths = sandbox.admin
      .requests()
      .filter(({ method }) => method === 'POST')
      .map(({ path }) => path);
    expect(paths.some((path) => path.includes('/einvoice-integration-client-ws/'))).toBe(true);
    expect(paths.some((path) => path.includes('/einvoice-integration-ws/'))).toBe(false);
  });

  it('signs and charges a file that occurs twice once', async () => {
    await expectGoodSignatures(await n8n.execute('repeated-file'), 2);
    expect(sandbox.admin.counts().documentsSigned).toBe(1);
  });
});

describe('tokens', () => {
  it('requests a new token when the old one is revoked during a run', async () => {
    // Slow enough to revoke the token in between.
    sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'after', delayMs: 600, times: 5 });
    const running = n8n.execute('one-by-one');
    while (sandbox.admin.counts().documentsSigned < 2) await wait(20);
    const before = sandbox.admin.counts().tokensIssued;
    sandbox.admin.expireTokens();
    await expectGoodSignatures(await running, 5);
    expect(sandbox.admin.counts().tokensIssued).toBe(before + 1);
    expect(sandbox.admin.requests().filter(({ status }) => status === 401).length).toBeGreaterThan(0);
    expect(countSignedOnce()).toBe(5);
  });

  it('requests a new token when the service rejects the stored one with 409', async () => {
    expect((await n8n.execute('rejected-409')).error).toBeUndefined();
    conflicting.admin.expireTokens();
    const run = await n8n.execute('rejected-409');
    expect(run.error).toBeUndefined();
    expect(run.output('Sign')[0]?.json).toMatchObject({ documentStatus: 'SIGNED', recovered: true });
    expect(conflicting.admin.counts()).toMatchObject({ tokensIssued: 2, documentsSigned: 1 });
    expect(conflicting.admin.requests().filter(({ status }) => status === 409)).toHaveLength(2);
  });

  it('sends refused credentials once and names both settings', async () => {
    const run = await n8n.execute('wrong-secret');
    expect(run.exitCode).toBe(1);
    expect(run.error?.message).toContain('refused the client id and secret');
    expect(run.error?.description).toContain('client service alias');
    expect(sandbox.admin.counts()).toMatchObject({ tokenRequests: 1, tokensIssued: 0 });
    expect(n8n.printed).not.toContain('not-the-secret');
  });
});

describe('failures', () => {
  it('reports the service’s message and the fix', async () => {
    sandbox.admin.addFault({
      kind: 'reject',
      endpoint: 'sign',
      status: 422,
      errorCode: 'INVALID_FISCAL_DATA',
      errorCodeDescription: 'The tax number is not known',
    });
    const run = await n8n.execute('one');
    expect(run.exitCode).toBe(1);
    expect(run.error?.message).toContain('INVALID_FISCAL_DATA: The tax number is not known');
    expect(run.error?.description).toContain('correct the request');
    expect(run.error?.httpCode).toBe('422');
    expect(run.error?.context?.itemIndex).toBe(0);
  });

  it('explains a used-up contract', async () => {
    sandbox.admin.setUsage({ limitUsageCount: 10, limitCurrentConsumption: 10 });
    const run = await n8n.execute('one');
    expect(run.exitCode).toBe(1);
    expect(run.error?.description).toContain('number of signatures is used up');
  });

  it('does not fail other items because of a bad one', async () => {
    const run = await n8n.execute('mixed');
    expect(run.exitCode).toBe(0);
    const [good, bad, alsoGood] = run.output('Sign');
    expect(good?.binary).toBeDefined();
    expect(alsoGood?.binary).toBeDefined();
    expect(bad?.json).toEqual({
      error: 'notes.pdf is not a PDF file.',
      code: 'DOCUMENT_NOT_PDF',
      httpCode: null,
      description: expect.stringContaining('use a PDF, or set Signature Type'),
      externalReference: null,
    });
    expect(bad?.pairedItem).toEqual({ item: 1 });
    expect(sandbox.admin.counts().documentsSigned).toBe(2);
  });

  it('sends bad items to the error output', async () => {
    const run = await n8n.execute('mixed-outputs');
    expect(run.output('Sign', 0)).toHaveLength(1);
    expect(run.output('Sign', 1)).toHaveLength(1);
    expect(run.output('Sign', 1)[0]?.json.details).toMatchObject({ code: 'DOCUMENT_NOT_PDF' });
  });

  it('looks up documents after a timeout and after a lost answer, and signs each once', async () => {
    sandbox.admin.addFault(
      { kind: 'latency', endpoint: 'sign', phase: 'processing', delayMs: 5000 },
      { kind: 'drop', endpoint: 'operationId', phase: 'before', times: 3 },
    );
    await expectGoodSignatures(await n8n.execute('short-timeout'), 4);
    expect(countSignedOnce()).toBe(4);
    sandbox.admin.reset();
    sandbox.admin.addFault({ kind: 'drop', endpoint: 'sign', phase: 'after' });
    const run = await n8n.execute('short-timeout');
    await expectGoodSignatures(run, 4);
    expect(run.output('Sign').every(({ json }) => json.recovered === true)).toBe(true);
    expect(countSignedOnce()).toBe(4);
  });

  it('retrieves in Retry On Fail what the first try signed', async () => {
    sandbox.admin.addFault({ kind: 'pending', endpoint: 'sign', pollsUntilExecuted: 4 });
    const run = await n8n.execute('retried');
    await expectGoodSignatures(run, 1);
    expect(run.output('Sign')[0]?.json.recovered).toBe(true);
    expect(sandbox.admin.counts()).toMatchObject({ documentsSigned: 1, requests: { sign: 1 } });
  });
});

describe('operations', () => {
  it('gets, downloads and resends', async () => {
    const run = await n8n.execute('operations');
    expect(run.error).toBeUndefined();
    const signed = run.output('Sign');
    const id = signed[0]?.json.operationId;
    expect(run.output('Get')[0]?.json).toMatchObject({
      operationId: id,
      status: 'EXECUTED',
      documents: expect.any(Array),
    });
    expect(run.output('Raw')[0]?.json).toMatchObject({ id, issuerCompany: expect.any(Object) });
    expect(run.output('Find')[1]?.json.operationId).toBe(signed[1]?.json.operationId);
    expect(run.output('Status')[0]?.json).toMatchObject({ operationId: id, status: 'EXECUTED' });
    expect(run.output('Resend')[0]?.json).toMatchObject({
      sent: true,
      receivers: ['ana@example.com', 'rui@example.com'],
    });
    expect(sandbox.admin.counts().mailsResent).toBe(4);
    // Two items, each asking for the two documents of their operation.
    const downloads = run.output('Download');
    expect(downloads.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 0 }, { item: 1 }, { item: 1 }]);
    for (const item of downloads) {
      expect(await checkSignature(await n8n.bytes(item, 'signed'), sandbox.caCertificatePath)).toEqual(goodSignature);
    }
  });

  it('reports that the service has no such operation', async () => {
    const run = await n8n.execute('no-such-operation');
    expect(run.exitCode).toBe(1);
    expect(run.error).toMatchObject({
      httpCode: '404',
      description: expect.stringContaining('does not know this operation'),
    });
  });
});

it('prints and stores no secret and no token', async () => {
  expect(n8n.printed).toContain('INVALID_FISCAL_DATA');
  expect(await leaks(n8n, sandbox)).toEqual([]);
});
