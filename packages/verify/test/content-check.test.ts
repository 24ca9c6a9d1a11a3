import { type ContentCheckFunction, createSignStash, type SignStashOptions } from '@signstash-connect/core';
import { type Sandbox, startSandbox } from '@signstash-connect/sandbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkSigned, TrustStore } from '../src/index.ts';
import { issuePair } from './support/authority.ts';
import { makePdf } from './support/pdf.ts';

const documents = [
  ['PAdES', 'invoice.pdf', makePdf()],
  ['XAdES', 'invoice.xml', Buffer.from('<?xml version="1.0"?><Invoice><ID>1</ID></Invoice>')],
  ['CAdES', 'invoice.txt', Buffer.from('Invoice 1')],
  ['CAdES', 'invoice.pdf', makePdf()],
] as const;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());

function clientOf(options: Partial<SignStashOptions>) {
  const { tokenUrl, apiUrl, clientId, clientSecret } = sandbox;
  return createSignStash({ environment: { tokenUrl, apiUrl }, clientId, clientSecret, ...options });
}

const chainTo =
  (trust: TrustStore): ContentCheckFunction =>
  ({ content, original }) =>
    checkSigned(content, { level: 'chain', trust, original });

/** Changes the last byte of the signature value, which core's own check does not look at. */
const changedSignature: NonNullable<SignStashOptions['fetch']> = async (url, init) => {
  const response = await fetch(url, init);
  const body = (await response.text()).replace(/"signedContent":"([^"]+)"/g, (_, content: string) => {
    const bytes = Buffer.from(content, 'base64');
    const text = bytes.toString('latin1');
    const [, value = ''] = /<ds:SignatureValue[^>]*>([^<]+)|$/.exec(text) ?? [];
    const start = text.lastIndexOf('/Contents');
    const last = value ? text.indexOf(value) + 10 : start + text.slice(start).search(/[^0]0*>/);
    bytes[last] = bytes[last] === 0x31 ? 0x32 : 0x31;
    return `"signedContent":"${bytes.toString('base64')}"`;
  });
  return new Response(body, { status: response.status, headers: response.headers });
};

describe("checkSigned as core's contentCheck", () => {
  it.each(documents)('accepts a %s signature over %s', async (type, name, content) => {
    const contentCheck = chainTo(TrustStore.fromCertificates(sandbox.caCertificatePem));
    const [result] = await clientOf({ contentCheck }).signMany([{ content, name, type }]);
    expect(result).toMatchObject({ ok: true });
  });

  it.each(documents)('refuses a %s signature of another authority over %s', async (type, name, content) => {
    const { root } = await issuePair();
    const contentCheck = chainTo(TrustStore.fromCertificates(root.pem));
    const [result] = await clientOf({ contentCheck }).signMany([{ content, name, type }]);
    expect(result).toMatchObject({ ok: false, error: { code: 'CONTENT_NOT_VALID' } });
    expect(result?.ok === false && result.error.message).toMatch(/given root\.$/);
  });

  it.each(documents.slice(0, 2))('refuses a forged %s signature that core accepts', async (type, name, content) => {
    const contentCheck = chainTo(TrustStore.fromCertificates(sandbox.caCertificatePem));
    const client = clientOf({ fetch: changedSignature });
    expect(await client.signMany([{ content, name, type }])).toMatchObject([{ ok: true }]);
    expect(await client.signMany([{ content, name, type }], { contentCheck })).toMatchObject([
      { ok: false, error: { code: 'CONTENT_NOT_VALID' } },
    ]);
  });

  it('applies to one call instead of the check of the client', async () => {
    const client = clientOf({ contentCheck: () => 'refused by the client' });
    const content = makePdf();
    expect(await client.signMany([{ content }])).toMatchObject([{ ok: false }]);
    expect(await client.signMany([{ content }], { contentCheck: 'on' })).toMatchObject([{ ok: true }]);
    await expect(client.signMany([{ content }], { contentCheck: 'full' as never })).rejects.toThrow(
      'Invalid contentCheck "full"',
    );
  });
});
