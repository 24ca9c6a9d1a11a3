import { describe, expect, test } from 'vitest';
import { bytesDocument, sandboxForTests, signBase64, signRequest, someDocuments, Talk } from './talk.ts';

describe('a repeated reference', () => {
  test('is refused, and nothing of its request is registered', async () => {
    const sandbox = await sandboxForTests();
    const talk = new Talk(sandbox);
    await talk.signed(bytesDocument('twice'));
    const response = await talk.sign(bytesDocument('new'), bytesDocument('twice'));
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({
      errorCode: '0.0.7',
      causeMessage: 'External reference already exists: twice',
    });
    expect((await talk.lookUp('new')).status).toBe(404);
    expect(sandbox.admin.counts()).toMatchObject({ documentsSigned: 1, signedByReference: { twice: 1 } });
  });

  test('is refused while the first request is still under way', async () => {
    const sandbox = await sandboxForTests();
    const talk = new Talk(sandbox);
    sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'processing', delayMs: 300 });
    const first = talk.sign(bytesDocument('racing'));
    await expect.poll(async () => (await talk.lookUp('racing')).status).toBe(200);
    expect((await talk.sign(bytesDocument('racing'))).status).toBe(409);
    expect((await first).status).toBe(200);
  });

  test("is refused for requests' own references too", async () => {
    const talk = new Talk(await sandboxForTests());
    const request = signRequest(bytesDocument('one'));
    await talk.post(signBase64, request);
    const again = await talk.post(signBase64, { ...request, documents: [bytesDocument('other')] });
    expect(await again.json()).toMatchObject({ errorCode: '0.0.7' });
  });

  test('is signed and counted again if configured so, and the latest is found', async () => {
    const sandbox = await sandboxForTests({ duplicateReferences: 'sign-again' });
    const talk = new Talk(sandbox);
    await talk.signed(bytesDocument('again'));
    const { id } = await talk.signed(bytesDocument('again'));
    expect(await (await talk.lookUp('again')).text()).toBe(String(id));
    expect(sandbox.admin.counts()).toMatchObject({ documentsSigned: 2, signedByReference: { again: 2 } });
  });

  test.each(['refuse-signed', 'sign-again'] as const)(
    'is accepted after ERROR_SIGNING (%s)',
    async (duplicateReferences) => {
      const sandbox = await sandboxForTests({ duplicateReferences });
      const talk = new Talk(sandbox);
      sandbox.admin.addFault({ kind: 'document-error', reference: 'failed' });
      const { documentList } = await talk.signed(bytesDocument('failed'));
      expect(documentList).toMatchObject([{ signStatus: 'ERROR_SIGNING' }]);
      const second = await talk.signed(bytesDocument('failed'));
      expect(second.documentList).toMatchObject([{ signStatus: 'SIGNED' }]);
      expect(sandbox.admin.counts().signedByReference).toEqual({ failed: 1 });
    },
  );
});

test('a reference that ended in ERROR_SIGNING is refused by default', async () => {
  const sandbox = await sandboxForTests();
  const talk = new Talk(sandbox);
  sandbox.admin.addFault({ kind: 'document-error' });
  await talk.signed(bytesDocument('failed-once'));
  expect((await talk.sign(bytesDocument('failed-once'))).status).toBe(409);
});

test('a request and its document may share one reference', async () => {
  const talk = new Talk(await sandboxForTests());
  const request = { ...signRequest(bytesDocument('shared:2026-1')), externalReference: 'shared:2026-1' };
  expect((await talk.post(signBase64, request)).status).toBe(200);
});

describe('the quota', () => {
  test('counts every signature and refuses what goes beyond', async () => {
    const sandbox = await sandboxForTests({ limitUsageCount: 3 });
    const talk = new Talk(sandbox);
    const { issuerCompany } = await talk.signed(...someDocuments(2));
    expect(issuerCompany).toMatchObject({ limitUsageCount: 3, limitCurrentConsumption: 2 });
    const refused = await talk.sign(bytesDocument('beyond-1'), bytesDocument('beyond-2'));
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ errorCode: '1.4.0' });
    expect((await talk.lookUp('beyond-1')).status).toBe(404);
    expect((await talk.sign(bytesDocument('last'))).status).toBe(200);
    expect(sandbox.admin.counts().documentsSigned).toBe(3);
  });

  test('does not charge documents that failed', async () => {
    const sandbox = await sandboxForTests({ limitUsageCount: 1 });
    const talk = new Talk(sandbox);
    sandbox.admin.addFault({ kind: 'document-error' });
    const { issuerCompany } = await talk.signed(bytesDocument('free'));
    expect(issuerCompany.limitCurrentConsumption).toBe(0);
    expect((await talk.sign(bytesDocument('paid'))).status).toBe(200);
  });

  test('cannot be exceeded by parallel requests', async () => {
    const sandbox = await sandboxForTests({ limitUsageCount: 5 });
    const talk = new Talk(sandbox);
    await talk.token();
    const answers = await Promise.all(someDocuments(12).map((document) => talk.sign(document)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
    expect(sandbox.admin.counts().documentsSigned).toBe(5);
  });

  test('can be changed while running', async () => {
    const sandbox = await sandboxForTests();
    const talk = new Talk(sandbox);
    sandbox.admin.setUsage({ limitUsageCount: 10, limitCurrentConsumption: 10 });
    expect((await talk.sign(bytesDocument('full'))).status).toBe(403);
    sandbox.admin.setUsage({ limitUsageCount: 11 });
    const { issuerCompany } = await talk.signed(bytesDocument('full'));
    expect(issuerCompany).toMatchObject({ limitUsageCount: 11, limitCurrentConsumption: 11 });
  });
});
