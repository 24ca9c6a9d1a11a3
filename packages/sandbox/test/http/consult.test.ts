import { unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { bytesDocument, sandboxForTests, Talk } from './talk.ts';

const sandbox = await sandboxForTests();
const talk = new Talk(sandbox);

describe('queries', () => {
  test('find the operation of a document', async () => {
    const { id } = await talk.signed(bytesDocument('known-1'), bytesDocument('known-2'));
    const response = await talk.lookUp('known-2');
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.text()).toBe(String(id));
  });

  test('accept references with any characters', async () => {
    const reference = `PRT.1-PRT.2:x/y ç&%41 ${'long'.repeat(60)}`;
    const { id } = await talk.signed(bytesDocument(reference));
    expect(await (await talk.lookUp(reference)).text()).toBe(String(id));
  });

  test('answer "not found" for unknown references', async () => {
    expect((await talk.lookUp('unknown')).status).toBe(404);
    for (const path of ['status/1', 'status/x', 'sign/detail/1/contentInResponse/true', 'sign/detail/1/documents']) {
      const response = await talk.call(`api/v0/operation/${path}`);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ errorCode: null, errorCodeDescription: 'Operation not found.' });
    }
  });

  test('return the detail with and without contents', async () => {
    const { id, documentList } = await talk.signed(bytesDocument('detail'));
    expect((await talk.detail(id, true)).documentList).toEqual(documentList);
    expect((await talk.detail(id, false)).documentList).toEqual([{ ...documentList[0], signedContent: null }]);
    expect((await talk.call(`api/v0/operation/sign/detail/${id}/contentInResponse/maybe`)).status).toBe(500);
  });

  test('return a zip of the signed documents', async () => {
    const { id, documentList } = await talk.signed(
      bytesDocument('zip-1'),
      bytesDocument('zip-ção'),
      bytesDocument('../up'),
    );
    const response = await talk.call(`api/v0/operation/sign/detail/${id}/documents`);
    expect(response.headers.get('content-type')).toBe('application/zip');
    const entries = unzipSync(new Uint8Array(await response.arrayBuffer()));
    const contents = Object.entries(entries).map(([name, content]) => [name, Buffer.from(content).toString('base64')]);
    const signed = (reference: string) =>
      documentList.find(({ externalReference }) => externalReference === reference)!.signedContent;
    expect(Object.fromEntries(contents)).toEqual({
      'zip-1.zip-1.bin': signed('zip-1'),
      'zip-ção.zip-ção.bin': signed('zip-ção'),
      // No entry is unpacked outside its folder.
      '_/up.../up.bin': signed('../up'),
    });
  });

  test('count the receivers of resent e-mails', async () => {
    const { id } = await talk.signed(bytesDocument('mail'));
    const before = sandbox.admin.counts().mailsResent;
    const response = await talk.post(`api/v0/delivery/mail/resend/${id}/true`, ['a@example.com', 'b@example.com']);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
    expect(sandbox.admin.counts().mailsResent).toBe(before + 2);
  });

  test.each([
    ['true', [], 500],
    ['true', ['unknown'], 500],
    ['true', { email: 'a@example.com' }, 500],
    ['perhaps', ['a@example.com'], 500],
  ])('refuse to resend e-mails: %s %j', async (attach, body, status) => {
    const { id } = await talk.signed(bytesDocument(`mail-${attach}-${JSON.stringify(body)}`));
    expect((await talk.post(`api/v0/delivery/mail/resend/${id}/${attach}`, body)).status).toBe(status);
    expect((await talk.post('api/v0/delivery/mail/resend/1/true', ['a@example.com'])).status).toBe(404);
  });
});

test('no longer return the oldest contents once the limit is exceeded', async () => {
  const small = new Talk(await sandboxForTests({ maxStoredBytes: 10_000 }));
  const first = await small.signed(bytesDocument('first', Buffer.alloc(4000)));
  const second = await small.signed(bytesDocument('second', Buffer.alloc(4000)));
  expect((await small.detail(first.id, true)).documentList[0]!.signedContent).toBeNull();
  expect((await small.detail(second.id, true)).documentList[0]!.signedContent).toEqual(expect.any(String));
});
