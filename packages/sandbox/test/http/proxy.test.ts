import { expect, test } from 'vitest';
import { bytesDocument, sandboxForTests, signBase64, signMultipart, signRequest, Talk } from './talk.ts';

const sandbox = await sandboxForTests();
const proxy = new Talk(sandbox, sandbox.proxyUrl);
const saas = new Talk(sandbox);

test('signs, in both forms', async () => {
  const { documentList } = await proxy.signed(bytesDocument('proxy-1'));
  expect(documentList[0]).toMatchObject({ signStatus: 'SIGNED', signedContent: expect.any(String) });
  const { documentRequest, signatureInfo } = bytesDocument('proxy-2');
  const { base64Content: _, ...entry } = documentRequest;
  const form = new FormData();
  form.append('signRequest', JSON.stringify(signRequest({ documentRequest: entry, signatureInfo })));
  form.append('files', new Blob(['x']), entry.name);
  expect((await proxy.call(signMultipart, { method: 'POST', body: form })).status).toBe(200);
});

test('the SaaS returns the status of what the proxy signed, but no contents', async () => {
  const { id } = await proxy.signed(bytesDocument('proxied'));
  expect(await (await saas.lookUp('proxied')).text()).toBe(String(id));
  expect(await saas.status(id)).toBe('EXECUTED');
  const { documentList } = await saas.detail(id, true);
  expect(documentList).toEqual([
    expect.objectContaining({
      externalReference: 'proxied',
      signStatus: 'SIGNED',
      storageStatus: 'CONTENT_NOT_STORED',
    }),
  ]);
  expect(documentList[0]!.signedContent).toBeNull();
  const zip = await saas.call(`api/v0/operation/sign/detail/${id}/documents`);
  expect(zip.status).toBe(404);
  expect(await zip.json()).toMatchObject({ errorCodeDescription: 'No content is stored.' });
});

test('the proxy itself does not support queries', async () => {
  const { id } = await proxy.signed(bytesDocument('not-here'));
  for (const path of [
    'operation/id/withDocumentExternalReference/not-here',
    `operation/status/${id}`,
    `operation/sign/detail/${id}/contentInResponse/true`,
    `operation/sign/detail/${id}/documents`,
  ]) {
    const response = await proxy.call(`api/v0/${path}`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ status: 404, error: 'Not Found' });
  }
});

test('references are known on both sides', async () => {
  await proxy.signed(bytesDocument('both-sides'));
  expect((await saas.sign(bytesDocument('both-sides'))).status).toBe(409);
});

test('faults can apply to one of the two services', async () => {
  sandbox.admin.addFault({ kind: 'server-error', endpoint: 'sign', service: 'proxy' });
  expect((await saas.post(signBase64, signRequest(bytesDocument('saas-fine')))).status).toBe(200);
  expect((await proxy.post(signBase64, signRequest(bytesDocument('proxy-not')))).status).toBe(500);
});
