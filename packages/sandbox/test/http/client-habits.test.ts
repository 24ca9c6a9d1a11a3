import { describe, expect, test } from 'vitest';
import { basic, bytesDocument, requestToken, sandboxForTests, signBase64, signRequest, Talk } from './talk.ts';

/** Seen in real clients (API reference, section 5): a server that refuses any of it is not faithful. */
const sandbox = await sandboxForTests();
const talk = new Talk(sandbox);

describe('a deviation of real clients is accepted', () => {
  test('grant_type in the query, with an empty body', async () => {
    const { clientId, clientSecret, tokenUrl } = sandbox;
    const headers = { authorization: basic(clientId, clientSecret) };
    const response = await fetch(`${tokenUrl}?grant_type=client_credentials`, { method: 'POST', headers });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  test('bearer in lower case', async () => {
    const headers = { authorization: `bearer ${await talk.token()}` };
    expect((await talk.call('api/v0/operation/status/1', { headers })).status).toBe(404);
  });

  test('True and False in paths', async () => {
    const { id } = await talk.signed(bytesDocument('habit-true'));
    for (const value of ['True', 'False', 'TRUE']) {
      const response = await talk.call(`api/v0/operation/sign/detail/${id}/contentInResponse/${value}`);
      expect(response.status).toBe(200);
      expect((await response.text()).includes('"signedContent":null')).toBe(value === 'False');
    }
  });

  test('three slashes at the end of a path', async () => {
    const path = `${signBase64}//`;
    expect((await talk.post(path, signRequest(bytesDocument('habit-slashes')))).status).toBe(200);
  });

  test('explicit nulls, an empty description, deliveryStatus, a font with a name', async () => {
    const document = bytesDocument('habit:nulls');
    const request = {
      ...signRequest({
        ...document,
        signatureInfo: {
          ...document.signatureInfo,
          reason: null,
          visibleSignatureInfo: null,
          advancedSignatureInfo: null,
        },
      }),
      externalReference: 'habit:nulls',
      description: '',
      preservationInfo: {
        preserveContent: false,
        alias: null,
        deliveryInfo: { attachDocuments: true, personReceiver: [{ deliveryStatus: 'SENT', email: 'a@example.com' }] },
      },
    };
    const response = await talk.post(signBase64, request);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      deliveryInfo: { attachDocuments: true, personReceiver: [{ email: 'a@example.com', deliveryStatus: 'PENDING' }] },
    });
  });

  test('unknown fields with unknownFields "ignore"', async () => {
    const lenient = new Talk(await sandboxForTests({ unknownFields: 'ignore' }));
    expect((await lenient.post(signBase64, { ...signRequest(bytesDocument('habit-more')), more: 1 })).status).toBe(200);
  });
});

describe('a request is refused as a whole with the documented code', () => {
  const document = bytesDocument('refused');
  test.each([
    ['0.0.2', { ...signRequest(document), description: undefined }, /'description'/],
    ['0.0.2', { ...signRequest(document), externalReference: null }, /'externalReference'/],
    ['0.0.2', signRequest({ ...document, signatureInfo: null }), /'signatureInfo'/],
    ['0.0.4', { ...signRequest(document), description: 'x'.repeat(4001) }, /^description$/],
    ['0.0.6', signRequest({ ...document, signatureInfo: { signatureType: 'JAdES' } }), /documents\[0\]\.signatureInfo/],
    [
      '0.0.6',
      signRequest({ ...document, signatureInfo: { signatureType: 'PAdES' } }),
      /must not be application\/octet/,
    ],
  ])('500 %s', async (errorCode, body, cause) => {
    const response = await talk.post(signBase64, body);
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ errorCode, causeMessage: expect.stringMatching(cause) });
    expect((await talk.lookUp('refused')).status).toBe(404);
  });

  test('2.2.1 for an image larger than its area, naming the document', async () => {
    const png = Buffer.from('89504e470d0a1a0a0000000d494844520000009600000096', 'hex').toString('base64');
    const visible = (area: string) => ({
      documentRequest: { ...document.documentRequest, name: 'ft-1.pdf', contentType: 'application/pdf' },
      signatureInfo: {
        signatureType: 'PAdES',
        visibleSignatureInfo: {
          locationType: 'COORDINATE',
          locationValue: 'page=1,x=1,y=1',
          area,
          imageType: 'IMAGE_PNG',
          imageValue: png,
        },
      },
    });
    for (const area of ['width=149,height=150', 'width=150,height=149']) {
      const response = await talk.sign(bytesDocument('fine'), visible(area));
      expect(await response.json()).toMatchObject({
        errorCode: '2.2.1',
        causeMessage: 'Document ft-1.pdf: the area is smaller than the image.',
      });
    }
    expect((await talk.lookUp('fine')).status).toBe(404);
    expect((await talk.sign(visible('width=150,height=150'))).status).toBe(200);
  });
});

test('a wrong method gets 405 with Allow, an unsupported Accept an empty 406, as from Spring', async () => {
  const wrong = await talk.call(signBase64);
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
  expect(await wrong.json()).toMatchObject({ status: 405, error: 'Method Not Allowed' });
  expect((await fetch(sandbox.tokenUrl)).status).toBe(405);
  const unacceptable = await talk.call('api/v0/operation/status/1', { headers: { accept: 'application/xml' } });
  expect([unacceptable.status, await unacceptable.text()]).toEqual([406, '']);
});

test('token responses must not be cached', async () => {
  const response = await requestToken(sandbox);
  expect(response.headers.get('cache-control')).toBe('no-store');
});
