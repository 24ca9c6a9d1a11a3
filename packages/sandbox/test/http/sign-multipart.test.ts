import { request as httpRequest } from 'node:http';
import { describe, expect, test } from 'vitest';
import { bytesDocument, type OperationAnswer, sandboxForTests, signMultipart, signRequest, Talk } from './talk.ts';

const sandbox = await sandboxForTests();
const talk = new Talk(sandbox);

function entry(externalReference: string, name = `${externalReference}.bin`) {
  const { documentRequest, signatureInfo } = bytesDocument(externalReference);
  const { base64Content: _, ...rest } = documentRequest;
  return { documentRequest: { ...rest, name }, signatureInfo };
}

function form(request: object, files: [name: string, content: string][], order: 'request first' | 'files first') {
  const data = new FormData();
  const addRequest = () =>
    data.append('signRequest', new Blob([JSON.stringify(request)], { type: 'application/json' }));
  if (order === 'request first') addRequest();
  for (const [name, content] of files) data.append('files', new Blob([content]), name);
  if (order === 'files first') addRequest();
  return data;
}

function send(data: FormData): Promise<Response> {
  return talk.call(signMultipart, { method: 'POST', body: data });
}

describe('signing files of a form', () => {
  test.each(['request first', 'files first'] as const)('%s', async (order) => {
    const references = ['a', 'b', 'c'].map((letter) => `${order.replace(' ', '-')}-${letter}`);
    const files = references.map((reference): [string, string] => [`${reference}.bin`, `content ${reference}`]);
    const response = await send(form(signRequest(...references.map((reference) => entry(reference))), files, order));
    expect(response.status).toBe(200);
    const { documentList } = (await response.json()) as OperationAnswer;
    for (const reference of references) {
      const document = documentList.find(({ externalReference }) => externalReference === reference)!;
      expect(Buffer.from(document.signedContent!, 'base64').includes(`content ${reference}`)).toBe(true);
    }
  });

  test('takes names beyond ASCII, and names with folders', async () => {
    for (const name of ['factura_ção_€.bin', 'folder/invoice.bin']) {
      const response = await send(form(signRequest(entry(`named-${name}`, name)), [[name, 'x']], 'request first'));
      expect(await response.json()).toMatchObject({ documentList: [{ name, signStatus: 'SIGNED' }] });
    }
  });

  test('takes a request part without a content type', async () => {
    const data = new FormData();
    data.append('signRequest', JSON.stringify(signRequest(entry('plain-part'))));
    data.append('files', new Blob(['x']), 'plain-part.bin');
    expect((await send(data)).status).toBe(200);
  });

  test('takes the same file name twice', async () => {
    const request = signRequest(entry('same-1', 'same.bin'), entry('same-2', 'same.bin'));
    const response = await send(
      form(
        request,
        [
          ['same.bin', 'one'],
          ['same.bin', 'two'],
        ],
        'request first',
      ),
    );
    const { documentList } = (await response.json()) as OperationAnswer;
    const second = documentList.find(({ externalReference }) => externalReference === 'same-2')!;
    expect(Buffer.from(second.signedContent!, 'base64').includes('two')).toBe(true);
  });

  test.each([
    [
      'names that disagree with the order',
      signRequest(entry('x1'), entry('x2')),
      ['x2.bin', 'x1.bin'],
      'File 0 is named differently',
    ],
    ['a missing file', signRequest(entry('x1'), entry('x2')), ['x1.bin'], '2 documents, but 1 files'],
    ['contents within the JSON', signRequest(bytesDocument('x1')), ['x1.bin'], 'additional properties: base64Content'],
  ])('refuses %s', async (_name, request, names, cause) => {
    const response = await send(
      form(
        request,
        names.map((name) => [name, name]),
        'request first',
      ),
    );
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ causeMessage: expect.stringContaining(cause) });
    expect((await talk.lookUp('x1')).status).toBe(404);
  });

  test('refuses a form without the request, and one with other parts', async () => {
    const data = new FormData();
    data.append('files', new Blob(['x']), 'x.bin');
    expect(await (await send(data)).json()).toMatchObject({
      causeMessage: "Required part 'signRequest' is not present",
    });
    data.append('file', new Blob(['x']), 'x.bin');
    expect(await (await send(data)).json()).toMatchObject({ causeMessage: 'Unexpected part file' });
  });

  test('registers nothing if the form is truncated', async () => {
    const text = await new Response(
      form(signRequest(entry('broken-off')), [['broken-off.bin', 'x']], 'request first'),
    ).text();
    const boundary = text.slice(2, text.indexOf('\r\n'));
    const body = text.slice(0, text.lastIndexOf(`--${boundary}--`));
    const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
    expect((await talk.call(signMultipart, { method: 'POST', headers, body })).status).toBe(500);
    expect((await talk.lookUp('broken-off')).status).toBe(404);
  });
});

test('registers nothing if the client disconnects while sending', async () => {
  const authorization = `Bearer ${await talk.token()}`;
  const headers = { authorization, 'content-type': 'multipart/form-data; boundary=b', 'content-length': '5000' };
  const outgoing = httpRequest(`${sandbox.apiUrl}/${signMultipart}`, { method: 'POST', headers });
  outgoing.on('error', () => {});
  outgoing.write(
    `--b\r\nContent-Disposition: form-data; name="signRequest"\r\n\r\n${JSON.stringify(signRequest(entry('left')))}\r\n`,
  );
  const before = sandbox.admin.counts().requests.signMultipart;
  await expect.poll(() => sandbox.admin.counts().requests.signMultipart).toBe(before + 1);
  outgoing.destroy();
  await expect.poll(() => sandbox.admin.requests().at(-1)!.bytes).toBeGreaterThan(100);
  expect((await talk.lookUp('left')).status).toBe(404);
  expect((await talk.call('api/v0/operation/status/1')).status).toBe(404);
});
