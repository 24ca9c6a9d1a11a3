import { readFileSync } from 'node:fs';
import { unzipSync } from 'fflate';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Fault } from '../../src/index.ts';
import { fixturePath } from '../support/fixtures.ts';
import { bytesDocument, pdfDocument, sandboxForTests, someDocuments, Talk } from './talk.ts';

const sandbox = await sandboxForTests();
const { admin } = sandbox;
const talk = new Talk(sandbox);
const proxy = new Talk(sandbox, sandbox.proxyUrl);
await talk.token();
afterEach(() => {
  admin.clearFaults();
  vi.restoreAllMocks();
});

const pdf = readFileSync(fixturePath('pdf-lib.pdf'));
let number = 0;
function newReference(): string {
  number += 1;
  return `outcome-${number}`;
}

describe('refusals', () => {
  test('token-conflict: 409 with 0.0.10', async () => {
    admin.addFault({ kind: 'token-conflict', endpoint: 'sign' });
    const response = await talk.sign(...someDocuments(1));
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ errorCode: '0.0.10' });
  });

  test.each(['1.1.0', '1.1.1'] as const)('licence: 401 with %s', async (errorCode) => {
    admin.addFault({ kind: 'licence', errorCode });
    const response = await talk.sign(...someDocuments(1));
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, null]);
    expect(await response.json()).toMatchObject({ errorCode });
  });

  test('refuse-document refuses every request that contains the document', async () => {
    const bad = newReference();
    admin.addFault({ kind: 'refuse-document', reference: bad });
    for (const names of [bad, bad]) {
      const other = newReference();
      const response = await talk.sign(bytesDocument(other), bytesDocument(names));
      expect(response.status).toBe(500);
      expect(await response.json()).toMatchObject({
        errorCode: '2.2.1',
        causeMessage: `Document ${bad}.bin: refused by the sandbox.`,
      });
      expect((await talk.lookUp(other)).status).toBe(404);
    }
    expect((await talk.sign(bytesDocument(newReference()))).status).toBe(200);
  });

  test('refuse-document sends the configured code and name', async () => {
    const bad = newReference();
    admin.addFault({ kind: 'refuse-document', reference: bad, errorCode: '0.0.4', names: 'nothing' });
    expect(await (await talk.sign(bytesDocument(bad))).json()).toMatchObject({
      errorCode: '0.0.4',
      causeMessage: 'refused by the sandbox.',
    });
  });

  test.each([
    [undefined, 429],
    [409, 409],
  ] as const)('parallel-limit: %s', async (status, expected) => {
    admin.addFault({ kind: 'parallel-limit', limit: 2, retryAfterSeconds: 3, ...(status && { status }) });
    admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'processing', delayMs: 2000, times: 2 });
    const first = [talk.sign(...someDocuments(1)), talk.sign(...someDocuments(1))];
    const underWay = () => admin.requests().filter(({ faults, status: answered }) => faults.length > 0 && !answered);
    await expect.poll(() => underWay().length).toBe(2);
    const refused = await talk.sign(...someDocuments(1));
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([expected, '3']);
    expect((await Promise.all(first)).map((response) => response.status)).toEqual([200, 200]);
    await expect.poll(async () => (await talk.sign(...someDocuments(1))).status).toBe(200);
  });
});

describe('faults of look-ups', () => {
  test('lookup-blind hides a signed document from look-ups for some time, but not from status and detail by id', async () => {
    const now = Date.now();
    const reference = newReference();
    admin.addFault({ kind: 'lookup-blind', delayMs: 60_000 });
    const { id } = await talk.signed(bytesDocument(reference));
    expect((await talk.lookUp(reference)).status).toBe(404);
    expect(await talk.status(id)).toBe('EXECUTED');
    expect((await talk.sign(bytesDocument(reference))).status).toBe(409);
    vi.spyOn(Date, 'now').mockReturnValue(now + 120_000);
    expect(await (await talk.lookUp(reference)).text()).toBe(String(id));
  });

  test.each<[Fault, number]>([
    [{ kind: 'server-error', endpoint: 'operationId' }, 500],
    [{ kind: 'reject', endpoint: 'operationId', status: 403, errorCode: '1.2.0' }, 403],
    [{ kind: 'html', endpoint: 'operationId', status: 200 }, 200],
    [{ kind: 'reject', endpoint: 'operationId', errorCode: null, causeMessage: 'Document not found' }, 500],
  ])('a look-up can fail: %j', async (fault, status) => {
    admin.addFault(fault);
    expect((await talk.lookUp('any')).status).toBe(status);
  });
});

describe('faults of documentList', () => {
  test.each([
    [undefined, null],
    ['null', null],
    ['empty', []],
    ['missing', undefined],
  ] as const)('no-document-list: %s', async (value, documentList) => {
    admin.addFault({ kind: 'no-document-list', endpoint: 'sign', ...(value && { value }) });
    const answer = await talk.signed(bytesDocument(newReference()));
    expect(answer.documentList).toEqual(documentList);
    expect((await talk.detail(answer.id)).documentList).toHaveLength(1);
    admin.addFault({ kind: 'no-document-list', endpoint: 'detail', ...(value && { value }) });
    expect((await talk.detail(answer.id)).documentList).toEqual(documentList);
  });

  test('unlisted-document and duplicate-entry', async () => {
    const [left, doubled] = [newReference(), newReference()];
    admin.addFault({ kind: 'unlisted-document', reference: left }, { kind: 'duplicate-entry', reference: doubled });
    const { documentList } = await talk.signed(bytesDocument(left), bytesDocument(doubled));
    expect(documentList.map(({ externalReference, signStatus }) => [externalReference, signStatus])).toEqual([
      [doubled, 'RECEIVED'],
      [doubled, 'SIGNED'],
    ]);
  });

  test('hash-folder stores no content', async () => {
    admin.addFault({ kind: 'hash-folder' });
    const answer = await talk.signed(bytesDocument(newReference()));
    expect(answer).toMatchObject({
      folder: { folderContent: 'HASH' },
      documentList: [{ signStatus: 'SIGNED', storageStatus: 'CONTENT_NOT_STORED' }],
    });
    expect((await talk.detail(answer.id, true)).documentList[0]!.signedContent).toBeNull();
  });
});

describe('wrong-content', () => {
  const content = (text: string | null) => Buffer.from(text!, 'base64');

  async function answers(as: Extract<Fault, { kind: 'wrong-content' }>['as']) {
    await talk.signed(bytesDocument(newReference(), 'another document'));
    const reference = newReference();
    admin.addFault({ kind: 'wrong-content', as, reference, times: 3 });
    const { id, documentList } = await talk.signed(pdfDocument(reference, pdf), bytesDocument(newReference()));
    const find = (list: typeof documentList) => list.find(({ externalReference }) => externalReference === reference)!;
    const detail = find((await talk.detail(id, true)).documentList);
    const zip = await talk.call(`api/v0/operation/sign/detail/${id}/documents`);
    const entry = unzipSync(new Uint8Array(await zip.arrayBuffer()))[`${reference}.${reference}.pdf`]!;
    const right = find((await talk.detail(id, true)).documentList);
    const wrong = [content(find(documentList).signedContent), content(detail.signedContent), Buffer.from(entry)];
    return { wrong, right: content(right.signedContent) };
  }

  test.each<[Parameters<typeof answers>[0], (wrong: Buffer, right: Buffer) => boolean]>([
    [
      'unrelated',
      (wrong, right) => wrong.length === right.length && !wrong.subarray(0, 5).equals(right.subarray(0, 5)),
    ],
    ['tampered', (wrong, right) => wrong.filter((byte, index) => byte !== right[index]).length === 1],
    ['truncated', (wrong, right) => wrong.equals(right.subarray(0, Math.floor(right.length / 2)))],
    ['other-document', (wrong) => wrong.length > 0 && !wrong.includes('%PDF')],
    ['empty', (wrong) => wrong.length === 0],
    ['html', (wrong) => wrong.toString().startsWith('<html>')],
    ['original', (wrong) => wrong.equals(pdf)],
  ])('%s applies to the sign answer, the detail and the zip, as often as configured', async (as, isAsExpected) => {
    const { wrong, right } = await answers(as);
    expect(right.subarray(0, pdf.length).equals(pdf)).toBe(true);
    expect(wrong.map((each) => isAsExpected(each, right))).toEqual([true, true, true]);
  });

  test('original also returns the original of XML and CAdES documents', async () => {
    admin.addFault({ kind: 'wrong-content', as: 'original' });
    const { documentList } = await talk.signed(bytesDocument(newReference(), 'as it was sent'));
    expect(content(documentList[0]!.signedContent).toString()).toBe('as it was sent');
  });
});

test('the proxy returns contents whatever returnSignedContent says', async () => {
  const request = { externalReference: newReference(), description: '', documents: [bytesDocument(newReference())] };
  for (const returnSignedContent of [false, undefined]) {
    const documents = [bytesDocument(newReference())];
    const body = { ...request, externalReference: newReference(), documents, returnSignedContent };
    const response = await proxy.post('api/v0/document/sign/base64/', body);
    expect(await response.json()).toMatchObject({
      folder: { folderContent: 'HASH' },
      documentList: [{ signedContent: expect.any(String) }],
    });
  }
});
