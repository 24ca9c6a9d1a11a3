import { describe, expect, test } from 'vitest';
import { findSchemaViolations, type ServiceAnswer } from '../../src/index.ts';
import { basic, bytesDocument, requestToken, sandboxForTests, signBase64, signRequest, Talk } from './talk.ts';

const sandbox = await sandboxForTests();
const talk = new Talk(sandbox);
const proxy = new Talk(sandbox, sandbox.proxyUrl);

const request = (reference: string) => signRequest(bytesDocument(reference), bytesDocument(`${reference}-2`));
const rich = {
  ...request('rich'),
  preservationInfo: {
    preserveContent: true,
    alias: 'a',
    deliveryInfo: { attachDocuments: true, personReceiver: [{ email: 'a@example.com' }] },
  },
};

function form(reference: string) {
  const { documentRequest, signatureInfo } = bytesDocument(reference);
  const { base64Content: _, ...entry } = documentRequest;
  const data = new FormData();
  data.append('signRequest', JSON.stringify(signRequest({ documentRequest: entry, signatureInfo })));
  data.append('files', new Blob(['x']), entry.name);
  return { method: 'POST', body: data };
}

const multipart = 'api/v0/document/sign/';
const known = () => talk.signed(bytesDocument(`known-${Math.random()}`)).then(({ id }) => id);
const failing = async () => {
  sandbox.admin.addFault({ kind: 'execution-failed', endpoint: 'sign' });
  return known();
};
const withoutToken = { headers: { authorization: 'Bearer x' } };

async function violations(response: Response, method: string): Promise<string[]> {
  const contentType = response.headers.get('content-type') ?? undefined;
  const isJson = contentType?.startsWith('application/json');
  return findSchemaViolations({
    method,
    path: new URL(response.url).pathname,
    status: response.status,
    contentType,
    body: isJson ? await response.text() : undefined,
  });
}

/** As a client receives them; the sandbox also checks every answer of every test itself. */
describe('an answer received by a client conforms to the schema', () => {
  test.each<[method: string, what: string, status: number, call: () => Promise<Response>]>([
    ['POST', 'token', 200, () => requestToken(sandbox)],
    ['POST', 'token', 400, () => requestToken(sandbox, { body: 'grant_type=x' })],
    ['POST', 'token', 401, () => requestToken(sandbox, { authorization: basic('x', 'y') })],
    ['POST', 'sign', 200, () => talk.post(signBase64, rich)],
    ['POST', 'sign', 200, () => talk.post(signBase64, { ...request('no-content'), returnSignedContent: false })],
    ['POST', 'sign', 409, () => talk.post(signBase64, request('no-content'))],
    ['POST', 'sign', 500, () => talk.post(signBase64, {})],
    ['POST', 'sign', 401, () => talk.call(signBase64, { ...withoutToken, method: 'POST' })],
    ['POST', 'sign', 415, () => talk.call(signBase64, { method: 'POST', body: 'text' })],
    ['GET', 'sign', 405, () => talk.call(signBase64)],
    ['POST', 'signMultipart', 200, () => talk.call(multipart, form('form'))],
    ['POST', 'signMultipart', 500, () => talk.call(multipart, { method: 'POST', body: new FormData() })],
    ['POST', 'signMultipart', 415, () => talk.call(multipart, { method: 'POST', body: 'text' })],
    ['GET', 'operationId', 200, () => talk.lookUp('form')],
    ['GET', 'operationId', 404, () => talk.lookUp('unknown')],
    ['GET', 'status', 200, async () => talk.call(`api/v0/operation/status/${await known()}`)],
    ['GET', 'status', 200, async () => talk.call(`api/v0/operation/status/${await failing()}`)],
    ['GET', 'status', 401, () => talk.call('api/v0/operation/status/1', withoutToken)],
    ['GET', 'status', 404, () => talk.call('api/v0/operation/status/1')],
    ['GET', 'status', 406, () => talk.call('api/v0/operation/status/1', { headers: { accept: 'text/html' } })],
    [
      'GET',
      'detail',
      200,
      async () => talk.call(`api/v0/operation/sign/detail/${await known()}/contentInResponse/true`),
    ],
    [
      'GET',
      'detail',
      200,
      async () => talk.call(`api/v0/operation/sign/detail/${await failing()}/contentInResponse/true`),
    ],
    ['GET', 'detail', 500, () => talk.call('api/v0/operation/sign/detail/1/contentInResponse/x')],
    ['GET', 'detail', 404, () => talk.call('api/v0/operation/sign/detail/1/contentInResponse/false')],
    ['GET', 'documents', 200, async () => talk.call(`api/v0/operation/sign/detail/${await known()}/documents`)],
    ['GET', 'documents', 404, async () => talk.call(`api/v0/operation/sign/detail/${await failing()}/documents`)],
    [
      'POST',
      'resendMail',
      200,
      async () => talk.post(`api/v0/delivery/mail/resend/${await known()}/true`, ['a@example.com']),
    ],
    ['POST', 'resendMail', 500, () => talk.post('api/v0/delivery/mail/resend/1/true', [])],
    ['POST', 'resendMail', 404, () => talk.post('api/v0/delivery/mail/resend/1/true', ['a@example.com'])],
    ['POST', 'proxySign', 200, () => proxy.post(signBase64, request('proxy'))],
    ['POST', 'proxySign', 409, () => proxy.post(signBase64, request('proxy'))],
    ['POST', 'proxySignMultipart', 200, () => proxy.call(multipart, form('proxy-form'))],
  ])('%s %s %i', async (method, _what, status, call) => {
    const response = await call();
    expect(response.status).toBe(status);
    expect(await violations(response, method)).toEqual([]);
  });

  test('403 for a used-up quota, 413 for a large body', async () => {
    const small = new Talk(await sandboxForTests({ limitUsageCount: 0, maxBodyBytes: 2000 }));
    for (const [reference, content, status] of [
      ['none-left', 'x', 403],
      ['large', Buffer.alloc(2000), 413],
    ] as const) {
      const response = await small.sign(bytesDocument(reference, content));
      expect(response.status).toBe(status);
      expect(await violations(response, 'POST')).toEqual([]);
    }
  });

  test.each(['mixed', 'lisbon', 'offset', 'iso'] as const)('with dates in the format "%s"', async (dates) => {
    const dated = new Talk(await sandboxForTests({ dates, limitUsageCount: null }));
    expect(await violations(await dated.sign(bytesDocument('dated')), 'POST')).toEqual([]);
  });

  test('with the token refused by 409', async () => {
    const strict = new Talk(await sandboxForTests({ refusedToken: '409' }));
    const response = await strict.call('api/v0/operation/status/1', withoutToken);
    expect(response.status).toBe(409);
    expect(await violations(response.clone(), 'GET')).toEqual([]);
    expect(await response.json()).toMatchObject({ errorCode: '0.0.10' });
  });

  test.each([
    ['404', 404, /errorCode/],
    ['204', 204, /^$/],
    ['null', 200, /^null$/],
    ['empty', 200, /^$/],
    ['error-500', 500, /not found/],
  ] as const)('with "not found" said by %s', async (lookupNotFound, status, body) => {
    const response = await new Talk(await sandboxForTests({ lookupNotFound })).lookUp('unknown');
    expect(response.status).toBe(status);
    expect(await response.text()).toMatch(body);
  });
});

describe('findSchemaViolations', () => {
  const answer = { method: 'GET', path: '/api/v0/operation/status/7', status: 200, contentType: 'application/json' };
  test.each<[string, Partial<ServiceAnswer>, RegExp]>([
    ['an unknown status value', { body: '{"id":7,"status":"DONE"}' }, /\/status must be/],
    [
      'a word as queue priority',
      { body: '{"id":7,"signatureQueuePriority":"HIGH"}' },
      /signatureQueuePriority must be/,
    ],
    ['an id in a string', { body: '{"id":"7"}' }, /\/id must be integer/],
    ['a date of another spelling', { body: '{"id":7,"creationDate":"2 March 2026"}' }, /creationDate must match/],
    ['a code of another form', { status: 500, body: '{"errorCode":"INVALID_REQUEST"}' }, /errorCode must match/],
    ['no JSON', { body: '<html>' }, /body is not JSON/],
    ['no body', { contentType: '' }, /no body/],
    ['a page where none is described', { contentType: 'text/html', body: '<html>' }, /text\/html is not described/],
  ])('reports %s', (_what, part, message) => {
    expect(findSchemaViolations({ ...answer, ...part })).toEqual(
      expect.arrayContaining([expect.stringMatching(message)]),
    );
  });

  test('accepts paths of either service and answers outside the API', () => {
    const path = '/signstash/einvoice-integration-client-ws/api/v0/document/sign/base64///';
    const refused = { method: 'POST', path, status: 500, contentType: 'application/json' };
    expect(findSchemaViolations({ ...refused, body: '{"errorCode":"0.0.6"}' })).toEqual([]);
    expect(findSchemaViolations({ ...refused, body: '{"errorCode":6}' })).not.toEqual([]);
    expect(findSchemaViolations({ method: 'GET', path: '/', status: 200, contentType: 'text/plain' })).toEqual([]);
  });
});
