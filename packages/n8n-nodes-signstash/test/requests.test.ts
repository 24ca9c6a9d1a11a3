import { type AddressInfo, createServer, type Server } from 'node:net';
import { type Sandbox, startSandbox } from '@signstash-connect/sandbox';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { requestFailure } from '../nodes/SignStash/transport/request-failure.ts';
import { FakeN8n } from './support/fake-n8n.ts';
import { pdfItem } from './support/pdf.ts';

let sandbox: Sandbox;
let n8n: FakeN8n;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => {
  sandbox.admin.reset();
  n8n = new FakeN8n(sandbox);
});

const failing = async (credentials: Record<string, unknown> = {}, more = {}) =>
  (await n8n.run([pdfItem('a')], { credentials, ...more }).catch((error: unknown) => error)) as {
    name: string;
    message: string;
    description: string;
  };
const status = { parameters: { resource: 'operation', operation: 'getStatus', operationId: '1' } };

describe('errors of n8n as errors of core', () => {
  it('refused credentials are not tried again, however many requests wait for a token', async () => {
    const items = Array.from({ length: 6 }, (_, index) => pdfItem(`invoice-${index}`));
    const outputs = await n8n.run(items, { credentials: { clientSecret: 'wrong' }, onError: 'continueRegularOutput' });
    expect(outputs.map(({ json }) => json.code)).toEqual(Array(6).fill('CREDENTIALS_REFUSED'));
    expect(sandbox.admin.counts().tokenRequests).toBe(1);
  });

  it('one token serves all look-ups that start at the same time', async () => {
    await n8n.run(Array.from({ length: 6 }, (_, index) => pdfItem(`invoice-${index}`)));
    expect(sandbox.admin.counts()).toMatchObject({ tokenRequests: 1, requests: { operationId: 6, sign: 1 } });
  });

  it('every request names this package and its version in the User-Agent', async () => {
    await n8n.run([pdfItem('a')]);
    await n8n.run([pdfItem('a')], { parameters: { resource: 'operation', operation: 'get', operationId: '1000001' } });
    expect(n8n.requests.length).toBeGreaterThan(2);
    for (const { headers } of n8n.requests) {
      expect(headers).toMatchObject({
        'user-agent': expect.stringMatching(/^signstash-connect\/\S+ .+ n8n-nodes-signstash\/\d+\.\d+\.\d+/),
      });
    }
  });

  it('a revoked token is renewed and the same body sent again', async () => {
    await n8n.run([pdfItem('a')]);
    sandbox.admin.expireTokens();
    const [output] = await n8n.run([pdfItem('b')], { parameters: { sending: { lookUpFirst: false } } });
    expect(output?.json).toMatchObject({ documentStatus: 'SIGNED', recovered: false });
    expect(sandbox.admin.requests().filter(({ status }) => status === 401)).toHaveLength(1);
  });

  it('a token rejected with 409 0.0.10 is renewed and the same body sent again', async () => {
    const service = await startSandbox({ refusedToken: '409', duplicateReferences: 'sign-again' });
    onTestFinished(() => service.close());
    const host = new FakeN8n(service);
    await host.run([pdfItem('a')]);
    service.admin.expireTokens();
    const [output] = await host.run([pdfItem('b')], { parameters: { sending: { lookUpFirst: false } } });
    expect(output?.json).toMatchObject({ documentStatus: 'SIGNED', recovered: false });
    expect(service.admin.counts()).toMatchObject({ tokensIssued: 2, documentsSigned: 2 });
    // Rejected twice, since n8n renews a token only in a request that names the status; then the replay is accepted.
    expect(service.admin.requests().map(({ status }) => status)).toEqual([200, 404, 200, 409, 409, 200, 200]);
  });

  it('a new token that is rejected with 409 0.0.10 as well ends the call after one replay', async () => {
    sandbox.admin.addFault({ kind: 'token-conflict', endpoint: 'sign', times: 20 });
    const error = await n8n.run([pdfItem('a')]).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ httpCode: '409', description: expect.stringContaining('same environment') });
    expect(sandbox.admin.counts()).toMatchObject({ tokensIssued: 2, requests: { sign: 3 }, documentsSigned: 0 });
  });

  it('a reference that is taken (409 0.0.7) is not treated as a rejected token', async () => {
    await n8n.run([pdfItem('a')], { parameters: { options: { reference: 'FT-1' } } });
    const parameters = { options: { reference: 'FT-1' }, sending: { lookUpFirst: false, waitForExecution: 0 } };
    await n8n.run([pdfItem('a')], { parameters });
    expect(sandbox.admin.counts()).toMatchObject({ tokensIssued: 1, documentsSigned: 1 });
    expect(sandbox.admin.requests().filter(({ status }) => status === 409)).toHaveLength(1);
  });

  it('a licence problem (401 1.1.1) is reported with the message of the service and not as a rejected token', async () => {
    sandbox.admin.addFault({ kind: 'licence', endpoint: 'status', times: 2 });
    const error = await failing({}, status);
    expect(error.message).toContain('1.1.1');
    expect(error.message).not.toContain('token');
  });

  it('the error for an API that refuses even a new token advises to compare the addresses', async () => {
    sandbox.admin.addFault({ kind: 'unauthorized', endpoint: 'status', times: 2 });
    expect(await failing({}, status)).toMatchObject({ description: expect.stringContaining('same environment') });
  });

  it('a failed token request is repeated later', async () => {
    sandbox.admin.addFault({ kind: 'server-error', endpoint: 'token', times: 2 });
    const [output] = await n8n.run([pdfItem('a')]);
    expect(output?.json.documentStatus).toBe('SIGNED');
    expect(sandbox.admin.counts().tokensIssued).toBe(1);
  });

  it('a refused connection is distinguished from an interrupted one', async () => {
    const closed = createServer();
    const cutting = createServer((socket) => socket.once('data', () => socket.destroy()));
    const failureAt = async (url: string) => {
      const cause = await fetch(url).catch((error: unknown) => error);
      const thrown = Object.assign(new Error('fetch failed', { cause }), { isAxiosError: true, config: { url } });
      return requestFailure(new Error('wrapped by n8n', { cause: thrown }), { ...request, url }, true);
    };
    const [refused, cut] = [await listening(closed), await listening(cutting)];
    await new Promise((resolve) => closed.close(resolve));
    expect(await failureAt(refused)).toMatchObject({
      code: 'NETWORK_UNREACHABLE',
      message: expect.stringMatching(
        / at 127\.0\.0\.1:\d+: no connection could be made: connection refused \(ECONNREFUSED\)\.$/,
      ),
      neverAnswered: true,
    });
    expect(await failureAt(cut)).toMatchObject({ code: 'NETWORK_INTERRUPTED' });
    cutting.close();
  });

  it('a request that n8n itself refuses to send is a configuration error', () => {
    const refusal = requestFailure(new Error('wrapped', { cause: new Error('Domain not allowed') }), request);
    expect(refusal).toMatchObject({ code: 'CONFIGURATION_INVALID', retryable: false });
  });

  it('a receiver that is not an e-mail address is rejected before anything is sent', async () => {
    const parameters = {
      resource: 'operation',
      operation: 'resendEmails',
      operationId: '1',
      receivers: 'not-an-address',
    };
    expect(await failing({}, { parameters })).toMatchObject({
      message: expect.stringContaining('Invalid e-mail address'),
    });
    expect(sandbox.admin.requests()).toEqual([]);
  });

  it('an unknown operation is a 404 with advice', async () => {
    expect(await failing({}, status)).toMatchObject({
      httpCode: '404',
      description: expect.stringContaining('does not know this operation'),
    });
  });

  it('an operation id that is not a number is rejected before anything is sent', async () => {
    const parameters = { ...status.parameters, operationId: '../token' };
    expect(await failing({}, { parameters })).toMatchObject({ name: 'NodeOperationError' });
    expect(sandbox.admin.requests()).toEqual([]);
  });

  it('an address that is missing names the credential', async () => {
    expect(await failing({ apiUrl: '' })).toMatchObject({
      description: expect.stringContaining('Open the credential'),
    });
  });
});

const request = {
  endpoint: 'status',
  method: 'GET',
  url: 'http://127.0.0.1/status',
  headers: {},
  timeoutMs: 1000,
} as const;

function listening(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
  });
}
