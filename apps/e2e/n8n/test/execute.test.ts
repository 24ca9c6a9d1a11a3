import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { type Sandbox, startSandbox } from '@signstash-connect/sandbox';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { invoice, invoices } from './support/documents.ts';
import { type Execution, N8n } from './support/n8n.ts';
import { checkSeal, goodSeal } from './support/pdfsig.ts';
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
  n8n = await N8n.create(inject('toolbox'), inject('packed'));
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
  const afterSeal = { operationId: "={{ $('Seal').item.json.operationId }}", resource: 'operation' };
  return [
    filesThrough('three', await invoices(3), signStash('Seal')),
    filesThrough('one', [one], signStash('Seal')),
    filesThrough('one-by-one', await invoices(5, 100), signStash('Seal', { sending: { batchSize: 1 } })),
    filesThrough('impatient', await invoices(4, 200), signStash('Seal', { sending: { timeout: 2 } })),
    filesThrough('multipart', await invoices(2, 300), signStash('Seal', { sending: { format: 'multipart' } })),
    filesThrough(
      'mixed',
      [one, notPdf, await invoice('two')],
      signStash('Seal', {}, { onError: 'continueRegularOutput' }),
    ),
    filesThrough('mixed-outputs', [one, notPdf], signStash('Seal', {}, { onError: 'continueErrorOutput' })),
    filesThrough('twins', [one, one], signStash('Seal')),
    filesThrough(
      'retried',
      [one],
      signStash(
        'Seal',
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
        'Seal',
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
    filesThrough('cades', [notPdf], signStash('Seal', { signatureType: 'CAdES' })),
    filesThrough(
      'operations',
      await invoices(2, 400),
      signStash('Seal', { delivery: { preserveContent: true, deliveryEmails: 'ana@example.com' } }),
      signStash('Get', { ...afterSeal, operation: 'get' }),
      signStash('Raw', { ...afterSeal, operation: 'get', simplify: false }),
      signStash('Find', {
        resource: 'operation',
        operation: 'getByReference',
        externalReference: "={{ $('Seal').item.json.externalReference }}",
      }),
      signStash('Status', { ...afterSeal, operation: 'getStatus' }),
      signStash('Resend', {
        ...afterSeal,
        operation: 'resendEmails',
        receivers: 'ana@example.com; rui@example.com',
        attachDocuments: true,
      }),
      signStash('Download', { ...afterSeal, operation: 'downloadDocuments', outputField: 'signed' }),
    ),
    filesThrough('no-such-operation', [one], {
      ...signStash('Get', { resource: 'operation', operation: 'get', operationId: '99' }),
    }),
    filesThrough('wrong-secret', await invoices(3), {
      ...signStash('Seal'),
      credentials: { signStashOAuth2Api: wrongSecret },
    }),
    filesThrough('rejected-409', [one], {
      ...signStash('Sign'),
      credentials: { signStashOAuth2Api: rejecting409 },
    }),
    filesThrough('through-proxy', await invoices(2, 500), {
      ...signStash('Seal'),
      credentials: { signStashOAuth2Api: throughProxy },
    }),
  ];
}

async function expectGoodSeals(run: Execution, count: number): Promise<void> {
  expect(run.error).toBeUndefined();
  const items = run.output('Seal');
  expect(items).toHaveLength(count);
  for (const item of items) {
    expect(await checkSeal(await n8n.bytes(item), sandbox.caCertificatePath)).toEqual(goodSeal);
  }
}

const sealedOnce = () => {
  const counts = Object.values(sandbox.admin.counts().signedByReference);
  expect(counts.every((count) => count === 1)).toBe(true);
  return counts.length;
};

describe('sealing', () => {
  it('seals all items in one request with one token, which a second process uses again', async () => {
    const first = await n8n.execute('three');
    await expectGoodSeals(first, 3);
    expect(first.exitCode).toBe(0);
    expect(first.output('Seal').map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 1 }, { item: 2 }]);
    expect(first.output('Seal')[0]?.binary?.data).toMatchObject({
      data: 'filesystem-v2',
      fileName: 'invoice-1-signed.pdf',
      mimeType: 'application/pdf',
    });
    expect(sandbox.admin.counts()).toMatchObject({ tokensIssued: 1, requests: { sign: 1 }, documentsSigned: 3 });

    const second = await n8n.execute('three');
    await expectGoodSeals(second, 3);
    expect(second.output('Seal').every(({ json }) => json.recovered === true)).toBe(true);
    expect(sandbox.admin.counts()).toMatchObject({ tokensIssued: 1, requests: { sign: 1 }, documentsSigned: 3 });
    console.log(`An execution takes ${first.seconds.toFixed(1)} s and ${second.seconds.toFixed(1)} s.`);
  });

  it('puts a visible seal where a placeholder stands, and no visible seal on XML', async () => {
    const run = await n8n.execute('kinds');
    const [xml, pdf] = run.output('Seal');
    // A visible seal is for PDF files only: the XML file fails alone, with the reason.
    expect(xml?.json).toMatchObject({ code: 'SEAL_OPTIONS_CONFLICT' });
    expect(pdf?.json.error).toBeUndefined();
    expect(await checkSeal(await n8n.bytes(pdf as never), sandbox.caCertificatePath)).toEqual(goodSeal);
  });

  it('seals anything as CAdES', async () => {
    const run = await n8n.execute('cades');
    expect(run.error).toBeUndefined();
    expect(run.output('Seal')[0]?.json).toMatchObject({ documentStatus: 'SIGNED' });
  });

  it('seals by multipart', async () => {
    await expectGoodSeals(await n8n.execute('multipart'), 2);
    expect(sandbox.admin.counts().requests).toMatchObject({ sign: 0, signMultipart: 1 });
  });

  it('seals through the proxy, and asks the service', async () => {
    await expectGoodSeals(await n8n.execute('through-proxy'), 2);
    const paths = sandbox.admin
      .requests()
      .filter(({ method }) => method === 'POST')
      .map(({ path }) => path);
    expect(paths.some((path) => path.includes('/einvoice-integration-client-ws/'))).toBe(true);
    expect(paths.some((path) => path.includes('/einvoice-integration-ws/'))).toBe(false);
  });

  it('pays once for a file that comes twice', async () => {
    await expectGoodSeals(await n8n.execute('twins'), 2);
    expect(sandbox.admin.counts().documentsSigned).toBe(1);
  });
});

describe('tokens', () => {
  it('goes on with a new token when the old one is revoked in the middle of a run', async () => {
    // Slow enough to revoke the token in between.
    sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'after', delayMs: 600, times: 5 });
    const running = n8n.execute('one-by-one');
    while (sandbox.admin.counts().documentsSigned < 2) await wait(20);
    const before = sandbox.admin.counts().tokensIssued;
    sandbox.admin.expireTokens();
    await expectGoodSeals(await running, 5);
    expect(sandbox.admin.counts().tokensIssued).toBe(before + 1);
    expect(sandbox.admin.requests().filter(({ status }) => status === 401).length).toBeGreaterThan(0);
    expect(sealedOnce()).toBe(5);
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

  it('asks once only with credentials that are refused, and says which two settings to look at', async () => {
    const run = await n8n.execute('wrong-secret');
    expect(run.exitCode).toBe(1);
    expect(run.error?.message).toContain('refused the client id and secret');
    expect(run.error?.description).toContain('client service alias');
    expect(sandbox.admin.counts()).toMatchObject({ tokenRequests: 1, tokensIssued: 0 });
    expect(n8n.printed).not.toContain('not-the-secret');
  });
});

describe('failures', () => {
  it('says what the service said, and what to do', async () => {
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

  it('lets one bad item fail alone', async () => {
    const run = await n8n.execute('mixed');
    expect(run.exitCode).toBe(0);
    const [good, bad, alsoGood] = run.output('Seal');
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
    expect(run.output('Seal', 0)).toHaveLength(1);
    expect(run.output('Seal', 1)).toHaveLength(1);
    expect(run.output('Seal', 1)[0]?.json.details).toMatchObject({ code: 'DOCUMENT_NOT_PDF' });
  });

  it('finds out after a timeout and after a lost answer, and seals each document once', async () => {
    sandbox.admin.addFault(
      { kind: 'latency', endpoint: 'sign', phase: 'processing', delayMs: 5000 },
      { kind: 'drop', endpoint: 'operationId', phase: 'before', times: 3 },
    );
    await expectGoodSeals(await n8n.execute('impatient'), 4);
    expect(sealedOnce()).toBe(4);
    sandbox.admin.reset();
    sandbox.admin.addFault({ kind: 'drop', endpoint: 'sign', phase: 'after' });
    const run = await n8n.execute('impatient');
    await expectGoodSeals(run, 4);
    expect(run.output('Seal').every(({ json }) => json.recovered === true)).toBe(true);
    expect(sealedOnce()).toBe(4);
  });

  it('fetches on Retry On Fail what the first try had sealed', async () => {
    sandbox.admin.addFault({ kind: 'pending', endpoint: 'sign', pollsUntilExecuted: 4 });
    const run = await n8n.execute('retried');
    await expectGoodSeals(run, 1);
    expect(run.output('Seal')[0]?.json.recovered).toBe(true);
    expect(sandbox.admin.counts()).toMatchObject({ documentsSigned: 1, requests: { sign: 1 } });
  });
});

describe('operations', () => {
  it('asks, downloads and resends', async () => {
    const run = await n8n.execute('operations');
    expect(run.error).toBeUndefined();
    const sealed = run.output('Seal');
    const id = sealed[0]?.json.operationId;
    expect(run.output('Get')[0]?.json).toMatchObject({
      operationId: id,
      status: 'EXECUTED',
      documents: expect.any(Array),
    });
    expect(run.output('Raw')[0]?.json).toMatchObject({ id, issuerCompany: expect.any(Object) });
    expect(run.output('Find')[1]?.json.operationId).toBe(sealed[1]?.json.operationId);
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
      expect(await checkSeal(await n8n.bytes(item, 'signed'), sandbox.caCertificatePath)).toEqual(goodSeal);
    }
  });

  it('says that the service has no such operation', async () => {
    const run = await n8n.execute('no-such-operation');
    expect(run.exitCode).toBe(1);
    expect(run.error).toMatchObject({ httpCode: '404', description: expect.stringContaining('no such operation') });
  });
});

it('shows no secret and no token in all of this, be it printed or stored', async () => {
  expect(n8n.printed).toContain('INVALID_FISCAL_DATA');
  expect(await leaks(n8n, sandbox)).toEqual([]);
});
