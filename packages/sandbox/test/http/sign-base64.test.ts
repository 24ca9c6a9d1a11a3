import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bytesDocument, pdfDocument, sandboxForTests, signBase64, signRequest, someDocuments, Talk } from './talk.ts';

const sandbox = await sandboxForTests({ maxBodyBytes: 1_000_000 });
const talk = new Talk(sandbox);

describe('signing base64 within JSON', () => {
  test('signs a PDF without changing its bytes', async () => {
    const pdf = readFileSync(new URL('../fixtures/libreoffice.pdf', import.meta.url));
    const { documentList } = await talk.signed(pdfDocument('pdf-1', pdf));
    const signed = Buffer.from(documentList[0]!.signedContent!, 'base64');
    expect(signed.subarray(0, pdf.length).equals(pdf)).toBe(true);
    expect(signed.subarray(pdf.length).toString('latin1')).toContain('/ByteRange');
  });

  test('signs each document under its own reference', async () => {
    const { documentList } = await talk.signed(
      bytesDocument('own-1', 'the first'),
      bytesDocument('own-2', 'the second'),
    );
    for (const { externalReference, signedContent } of documentList) {
      const content = externalReference === 'own-1' ? 'the first' : 'the second';
      expect(Buffer.from(signedContent!, 'base64').includes(content)).toBe(true);
    }
  });

  test('never answers in the order of the request', async () => {
    for (const count of [2, 3, 7]) {
      const documents = someDocuments(count);
      const sent = documents.map(({ documentRequest }) => documentRequest.externalReference);
      const answered = (await talk.signed(...documents)).documentList.map(({ externalReference }) => externalReference);
      expect(answered).not.toEqual(sent);
      expect(answered.toSorted()).toEqual(sent.toSorted());
    }
  });

  test('always returns the documents of an operation in the same order', async () => {
    const { id, documentList } = await talk.signed(...someDocuments(5));
    const order = documentList.map(({ externalReference }) => externalReference);
    expect((await talk.detail(id)).documentList.map(({ externalReference }) => externalReference)).toEqual(order);
  });

  test('omits contents on request', async () => {
    const response = await talk.post(signBase64, {
      ...signRequest(bytesDocument('without')),
      returnSignedContent: false,
    });
    expect(await response.json()).toMatchObject({ documentList: [{ signStatus: 'SIGNED' }] });
    const again = await talk.post(signBase64, {
      ...signRequest(bytesDocument('unsaid')),
      returnSignedContent: undefined,
    });
    expect(await again.json()).toMatchObject({ documentList: [{ signedContent: null }] });
  });

  test('sends Content-Length', async () => {
    const response = await talk.sign(...someDocuments(3));
    const declared = Number(response.headers.get('content-length'));
    expect(declared).toBe((await response.arrayBuffer()).byteLength);
  });

  test('counts the bytes that were sent', async () => {
    const { documentList } = await talk.signed(bytesDocument('length', 'x'.repeat(1234)));
    expect(documentList[0]).toMatchObject({ contentLength: 1234, additionalContentLength: 0 });
  });

  test('returns ids beyond Number.MAX_SAFE_INTEGER', async () => {
    const far = new Talk(await sandboxForTests({ firstOperationId: '9007199254740993' }));
    expect(await (await far.sign(bytesDocument('far'))).text()).toMatch(/^\{"id":9007199254740993,/);
    expect(await (await far.lookUp('far')).text()).toBe('9007199254740993');
    expect((await far.call('api/v0/operation/status/9007199254740993')).status).toBe(200);
  });

  test('works without the trailing slash', async () => {
    expect((await talk.post(signBase64.slice(0, -1), signRequest(bytesDocument('no-slash')))).status).toBe(200);
  });
});

describe('signing base64 within JSON refuses', () => {
  const good = bytesDocument('refused');
  const change = (part: object) => ({ ...good, documentRequest: { ...good.documentRequest, ...part } });

  test.each([
    ['no documents', { ...signRequest(), documents: [] }, 'documents must NOT have fewer than 1 items'],
    [
      'no reference',
      { ...signRequest(good), externalReference: undefined },
      "must have required property 'externalReference'",
    ],
    [
      'a misspelt field',
      { ...signRequest(good), returnSignedContents: true },
      'additional properties: returnSignedContents',
    ],
    ['a document without a name', signRequest(change({ name: undefined })), "required property 'name'"],
    [
      'an unknown signature type',
      signRequest({ ...good, signatureInfo: { signatureType: 'JAdES' } }),
      'signatureType must be equal',
    ],
    ['what is not base64', signRequest(change({ base64Content: 'a*==' })), 'base64Content of document refused'],
    ['the URL alphabet of base64', signRequest(change({ base64Content: 'ab-_' })), 'base64Content of document refused'],
    ['base64 that breaks off', signRequest(change({ base64Content: 'abc' })), 'base64Content of document refused'],
    ['content that is no text', signRequest(change({ base64Content: 5 })), 'base64Content must be string'],
    ['one reference twice', signRequest(good, good), 'External reference already exists: refused'],
  ])('%s', async (_name, body, cause) => {
    const response = await talk.post(signBase64, body);
    expect(response.status).toBe(cause.startsWith('External reference') ? 409 : 500);
    expect(await response.json()).toMatchObject({ causeMessage: expect.stringContaining(cause) });
    expect((await talk.lookUp('refused')).status).toBe(404);
  });

  test('a body that is not JSON, without quoting it', async () => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"secret":' };
    const response = await talk.call(signBase64, init);
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ errorCode: '0.0.2', causeMessage: 'JSON parse error' });
  });

  test('another content type', async () => {
    const response = await talk.call(signBase64, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: '{}',
    });
    expect(response.status).toBe(415);
  });

  test('a body whose Content-Length is too large', async () => {
    const response = await talk.sign(bytesDocument('large', Buffer.alloc(1_000_000)));
    expect(response.status).toBe(413);
    expect(response.headers.get('content-type')).toContain('text/html');
  });

  test('a body that turns out too large', async () => {
    const piece = Buffer.alloc(100_000, ' ');
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(piece);
      },
    });
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      duplex: 'half',
    } as RequestInit;
    // The client never stops sending, so it sees either the page or the closed connection first.
    const outcome = await talk.call(signBase64, init).then(
      ({ status }) => status,
      () => 'cut',
    );
    expect([413, 'cut']).toContain(outcome);
  });
});

test('takes bodies of unknown length', async () => {
  const text = JSON.stringify(signRequest(bytesDocument('chunked')));
  const body = new Blob([text]).stream();
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body, duplex: 'half' } as RequestInit;
  expect((await talk.call(signBase64, init)).status).toBe(200);
  expect(sandbox.admin.requests().at(-1)).toMatchObject({ transferEncoding: 'chunked', bytes: text.length });
});

test('an invalid document does not affect the others', async () => {
  const broken = bytesDocument('broken');
  const { status, documentList } = await talk.signed(
    {
      documentRequest: { ...broken.documentRequest, contentType: 'application/pdf' },
      signatureInfo: { signatureType: 'PAdES' },
    },
    bytesDocument('whole'),
  );
  const signStatus = Object.fromEntries(
    documentList.map((document) => [document.externalReference, document.signStatus]),
  );
  expect({ status, signStatus }).toEqual({
    status: 'EXECUTED',
    signStatus: { broken: 'ERROR_SIGNING', whole: 'SIGNED' },
  });
});
