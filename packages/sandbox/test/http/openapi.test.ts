import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { beforeAll, describe, expect, test } from 'vitest';
import { basic, bytesDocument, requestToken, sandboxForTests, signBase64, signRequest, Talk } from './talk.ts';

const sandbox = await sandboxForTests();
const talk = new Talk(sandbox);
const proxy = new Talk(sandbox, sandbox.proxyUrl);

interface Described {
  [key: string]: Described;
}

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
let description: Described;
beforeAll(async () => {
  description = (await (await fetch(`${sandbox.url}/openapi.json`)).json()) as Described;
  ajv.addSchema(description, 'openapi');
});

/** Finds the answer that the description gives for this status, and holds the body against it. */
async function expectDescribed(operationId: string, response: Response): Promise<void> {
  const [path, method] = locate(operationId);
  const type = response.headers.get('content-type')?.split(';')[0] ?? '';
  const described = dereference(description.paths![path]![method]!.responses![String(response.status)]);
  expect(described, `${operationId} answered ${response.status}`).toBeDefined();
  if (!described!.content) return expect(await response.text()).toBe('');
  expect(Object.keys(described!.content)).toContain(type);
  if (type !== 'application/json') return;
  const valid = ajv.compile({
    $ref: `openapi${(described!.content[type]!.schema as unknown as { $ref: string }).$ref}`,
  });
  valid(await response.json());
  expect(valid.errors).toBeNull();
}

function locate(operationId: string): [path: string, method: string] {
  for (const [path, methods] of Object.entries(description.paths!)) {
    for (const [method, operation] of Object.entries(methods)) {
      if ((operation.operationId as unknown) === operationId) return [path, method];
    }
  }
  throw new Error(`${operationId} is not described`);
}

function dereference(node: Described | undefined): Described | undefined {
  const pointer = node?.$ref as unknown as string | undefined;
  return pointer
    ? pointer
        .slice(2)
        .split('/')
        .reduce((found, key) => found[key]!, description)
    : node;
}

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

describe('every answer is as described', () => {
  test.each<[operation: string, status: number, call: () => Promise<Response>]>([
    ['token', 200, () => requestToken(sandbox)],
    ['token', 400, () => requestToken(sandbox, { body: 'grant_type=x' })],
    ['token', 401, () => requestToken(sandbox, { authorization: basic('x', 'y') })],
    ['sign', 200, () => talk.post(signBase64, rich)],
    ['sign', 200, () => talk.post(signBase64, { ...request('no-content'), returnSignedContent: false })],
    ['sign', 400, () => talk.post(signBase64, {})],
    ['sign', 401, () => talk.call(signBase64, { ...withoutToken, method: 'POST' })],
    ['sign', 415, () => talk.call(signBase64, { method: 'POST', body: 'text' })],
    ['signMultipart', 200, () => talk.call(multipart, form('form'))],
    ['signMultipart', 400, () => talk.call(multipart, { method: 'POST', body: new FormData() })],
    ['signMultipart', 415, () => talk.call(multipart, { method: 'POST', body: 'text' })],
    ['operationId', 200, () => talk.lookUp('form')],
    ['operationId', 404, () => talk.lookUp('unknown')],
    ['status', 200, async () => talk.call(`api/v0/operation/status/${await known()}`)],
    ['status', 200, async () => talk.call(`api/v0/operation/status/${await failing()}`)],
    ['status', 401, () => talk.call('api/v0/operation/status/1', withoutToken)],
    ['status', 404, () => talk.call('api/v0/operation/status/1')],
    ['detail', 200, async () => talk.call(`api/v0/operation/sign/detail/${await known()}/contentInResponse/true`)],
    ['detail', 200, async () => talk.call(`api/v0/operation/sign/detail/${await failing()}/contentInResponse/true`)],
    ['detail', 400, () => talk.call('api/v0/operation/sign/detail/1/contentInResponse/x')],
    ['detail', 404, () => talk.call('api/v0/operation/sign/detail/1/contentInResponse/false')],
    ['documents', 200, async () => talk.call(`api/v0/operation/sign/detail/${await known()}/documents`)],
    ['documents', 404, async () => talk.call(`api/v0/operation/sign/detail/${await failing()}/documents`)],
    ['resendMail', 200, async () => talk.post(`api/v0/delivery/mail/resend/${await known()}/true`, ['a@example.com'])],
    ['resendMail', 400, () => talk.post('api/v0/delivery/mail/resend/1/true', [])],
    ['resendMail', 404, () => talk.post('api/v0/delivery/mail/resend/1/true', ['a@example.com'])],
    ['proxySign', 200, () => proxy.post(signBase64, request('proxy'))],
    ['proxySign', 400, () => proxy.post(signBase64, request('proxy'))],
    ['proxySignMultipart', 200, () => proxy.call(multipart, form('proxy-form'))],
  ])('%s %i', async (operationId, status, call) => {
    const response = await call();
    expect(response.status).toBe(status);
    await expectDescribed(operationId, response);
  });

  test('sign 403 and 413', async () => {
    const small = new Talk(await sandboxForTests({ limitUsageCount: 0, maxBodyBytes: 2000 }));
    const refused = await small.sign(bytesDocument('none-left'));
    expect(refused.status).toBe(403);
    await expectDescribed('sign', refused);
    const large = await small.sign(bytesDocument('large', Buffer.alloc(2000)));
    expect(large.status).toBe(413);
    await expectDescribed('sign', large);
  });
});

test('every shape and field says where it is known from', () => {
  const silent: string[] = [];
  const visit = (node: Described, path: string) => {
    const text = node.description as unknown as string | undefined;
    if (!node.$ref && !/\[(doc|client|inferred)\]/.test(text ?? '')) silent.push(path);
    for (const [name, property] of Object.entries(node.properties ?? {})) visit(property, `${path}.${name}`);
    if (node.items?.properties) visit(node.items, `${path}[]`);
  };
  for (const [name, schema] of Object.entries(description.components!.schemas!)) visit(schema, name);
  expect(silent).toEqual([]);
});
