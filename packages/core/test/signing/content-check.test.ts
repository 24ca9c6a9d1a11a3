import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientSettings, SignResult, Warning } from '../../src/client.ts';
import { createSignStash, type SignStashOptions } from '../../src/index.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';
import { clientOf, impatient, testSandbox } from '../support/sandbox-client.ts';
import { type Tamper, tampering } from '../support/tampering.ts';

async function signTampered(
  content: Buffer,
  tamper: Tamper,
  options: Partial<SignStashOptions> & { type?: 'XAdES' | 'CAdES' } = {},
): Promise<SignResult> {
  const { type, ...settings } = options;
  const sandbox = await testSandbox();
  const signstash = clientOf(sandbox, { fetch: tampering(tamper), ...settings });
  const [result] = await signstash.signMany([{ content, name: 'invoice', ...(type ? { type } : {}) }]);
  return result as SignResult;
}

async function signed(content: Buffer, type?: 'XAdES' | 'CAdES'): Promise<Buffer> {
  const { content: bytes } = await clientOf(await testSandbox()).sign(content, type ? { type } : {});
  return Buffer.from(bytes);
}

/** What a service answers that finds another document under the reference. */
async function replaceBy(document: Buffer): Promise<Tamper> {
  const content = await signed(document);
  return (_, described) => {
    described.contentLength = document.length;
    return content;
  };
}

function expectNotValid(result: SignResult, problem: RegExp): void {
  expect(result).toMatchObject({ ok: false, error: { code: 'CONTENT_NOT_VALID', operationId: expect.any(String) } });
  if (!result.ok) expect(result.error.message).toMatch(problem);
}

const pdf = minimalPdf('Fatura FT 2026/1');
const flip = (bytes: Buffer, at: number) => {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] as number) ^ 0x01;
  return changed;
};

describe('the check of a signed PDF', () => {
  it('accepts what the service signed, small and large', async () => {
    const large = minimalPdf('0123456789'.repeat(950_000));
    const results = await clientOf(await testSandbox(), { contentCheck: 'strict' }).signMany([
      { content: pdf },
      { content: large },
      { content: minimalPdf('Fatura FT 2026/2') },
    ]);
    expect(results.map((result) => result.ok || result.error)).toEqual([true, true, true]);
  });

  it.each(['02', '03'])(
    'accepts SHA-384 and SHA-512 by their structure, and refuses them if strict (%s)',
    async (digest) => {
      const otherDigest: Tamper = (bytes) => {
        const text = bytes.toString('latin1').replace(/608648016503040201/gi, `6086480165030402${digest}`);
        return Buffer.from(text, 'latin1');
      };
      expect(await signTampered(pdf, otherDigest)).toMatchObject({ ok: true });
      expectNotValid(await signTampered(pdf, otherDigest, { contentCheck: 'strict' }), /not SHA-256/);
    },
  );

  const page = Buffer.from('<!DOCTYPE html><html><body>Sign in</body></html>'.repeat(200));
  it.each<[string, Tamper, RegExp]>([
    ['an empty content', () => Buffer.alloc(0), /it is empty/],
    ['a web page', () => page, /it is a web page/],
    ['the document that was sent', () => pdf, /it is the document that was sent/],
    ['bytes that are not a PDF', () => Buffer.alloc(90_000, 'x'), /not a PDF file/],
    ['bytes before the PDF', (content) => Buffer.concat([Buffer.from('junk\n'), content]), /covers|gap/],
    ['bytes after the signature', (content) => Buffer.concat([content, Buffer.from('\n% more')]), /covers \d+ of its/],
    ['a content without its end', (content) => content.subarray(0, -20), /signature/],
    ['a larger PDF without a signature', () => Buffer.concat([pdf, Buffer.alloc(9000, '% x\n')]), /has no signature/],
    ['a change in the original', (content) => flip(content, 60), /do not match the digest/],
    [
      'a change in the update',
      (content) => flip(content, content.length - 9),
      /do not match the digest|covers|signature/,
    ],
    [
      'a gap that hides more than the signature',
      (content) => Buffer.from(content.toString('latin1').replace('/Contents <', '/Contents  '), 'latin1'),
      /gap|digest/,
    ],
  ])('refuses %s', async (_, tamper, problem) => {
    expectNotValid(await signTampered(pdf, tamper), problem);
  });

  it('refuses every changed byte outside the padding of the signature', async () => {
    const whole = await signed(pdf);
    const gap = whole.lastIndexOf('/Contents <') + '/Contents '.length;
    const end = whole.indexOf('>', gap) + 1;
    const position = fc.oneof(fc.integer({ min: 0, max: gap }), fc.integer({ min: end - 1, max: whole.length - 1 }));
    const sandbox = await testSandbox();
    let at = 0;
    // The same operation is fetched again and again: the reference is known after the first time.
    const signstash = clientOf(sandbox, { fetch: tampering((content) => flip(content, at)) });
    await fc.assert(
      fc.asyncProperty(position, async (changed) => {
        at = changed;
        const [result] = await signstash.signMany([{ content: pdf }]);
        expect(result).toMatchObject({ ok: false, error: { code: 'CONTENT_NOT_VALID' } });
      }),
      { numRuns: 60, examples: [[0], [5], [pdf.length - 1], [pdf.length], [gap], [end - 1], [whole.length - 1]] },
    );
    expect(sandbox.admin.counts().requests.sign).toBe(1);
  });

  it("refuses another document's signature, of the same size or not, in every document of a request", async () => {
    const same = minimalPdf('Fatura FT 2026/9');
    expect(same.length).toBe(pdf.length);
    expectNotValid(await signTampered(pdf, await replaceBy(same)), /begin with the bytes that were sent/);
    const longer = minimalPdf('A much longer invoice of another customer');
    expectNotValid(await signTampered(pdf, await replaceBy(longer)), /says that it signed/);
    const sandbox = await testSandbox();
    const contents = { first: await signed(pdf), second: await signed(longer) };
    const swap = tampering((_, { contentLength }) => (contentLength === pdf.length ? contents.second : contents.first));
    const results = await clientOf(sandbox, { fetch: swap }).signMany([{ content: pdf }, { content: longer }]);
    expect(results.map((result) => !result.ok && result.error.code)).toEqual(Array(2).fill('CONTENT_NOT_VALID'));
  });

  it('refuses the document of an earlier request whose reference is used again', async () => {
    const sandbox = await testSandbox();
    await clientOf(sandbox).sign(minimalPdf('Fatura FT 2026/7'), { reference: 'invoice-7' });
    const [result] = await clientOf(sandbox).signMany([{ content: pdf, reference: 'invoice-7' }]);
    expectNotValid(result as SignResult, /begin with the bytes that were sent|says that it signed/);
    expect(sandbox.admin.counts().requests.sign).toBe(1);
  });

  describe('a PDF that the service rewrote', () => {
    // Without %%EOF as its last line, so that the signed file does not show where the sent one ended.
    const comment = Buffer.from('% written by an invoicing program\n');
    const sent = Buffer.concat([pdf, comment]);
    const rewritten = () => signed(Buffer.concat([minimalPdf('Fatura FT 2026/1'.replace('F', 'f')), comment]));

    it('is accepted with a warning if it is intact and its contentLength is what was sent', async () => {
      const other = await rewritten();
      const warnings: Warning[] = [];
      const result = await signTampered(sent, () => other, {
        hooks: { onWarning: (warning) => warnings.push(warning) },
      });
      expect(result).toMatchObject({ ok: true });
      expect(warnings).toMatchObject([{ code: 'CONTENT_REWRITTEN', message: expect.stringContaining('invoice') }]);
    });

    it('is refused by the strict check, and with another or no contentLength', async () => {
      const other = await rewritten();
      const refused = /does not begin with the bytes|says that it signed/;
      expectNotValid(await signTampered(sent, () => other, { contentCheck: 'strict' }), refused);
      for (const contentLength of [sent.length + 1, undefined]) {
        const tamper: Tamper = (_, document) => {
          document.contentLength = contentLength as number;
          return other;
        };
        expectNotValid(await signTampered(sent, tamper), refused);
      }
    });
  });

  it('keeps the refused bytes in the error without printing them', async () => {
    const result = await signTampered(pdf, () => page);
    if (result.ok) throw new Error('accepted');
    expect((result.error as { rejectedContent?: Uint8Array }).rejectedContent).toEqual(new Uint8Array(page));
    expect(JSON.stringify(result.error)).not.toContain('rejectedContent');
  });
});

describe('the check of XML and CAdES', () => {
  const xml = Buffer.from('<?xml version="1.0" encoding="UTF-8"?>\n<invoice><total>12.30</total></invoice>\n');
  const data = Buffer.from('any bytes at all');

  it('accepts what the service signed', async () => {
    const signstash = clientOf(await testSandbox(), { contentCheck: 'strict' });
    const results = await signstash.signMany([{ content: xml }, { content: data, type: 'CAdES' }, { content: pdf }]);
    expect(results.map((result) => result.ok || result.error)).toEqual([true, true, true]);
  });

  it.each<[string, Tamper, RegExp]>([
    ['a document that is cut', (content) => content.subarray(0, -8), /not well-formed/],
    [
      'a document without a signature',
      () => Buffer.from('<invoice><total>12.30</total></invoice>'),
      /no XML signature/,
    ],
    ['a signature of another namespace', () => Buffer.from('<a><Signature xmlns="urn:x"/></a>'), /no XML signature/],
    ['a web page', () => Buffer.from('<html><body>Sign in</body></html>'), /web page/],
    ['the document that was sent', () => xml, /it is the document that was sent/],
  ])('refuses as XAdES %s', async (_, tamper, problem) => {
    expectNotValid(await signTampered(xml, tamper), problem);
  });

  it('refuses as CAdES what is not a SignedData or signs other bytes', async () => {
    const other = await signed(Buffer.from('some other bytes'), 'CAdES');
    expectNotValid(await signTampered(data, () => other, { type: 'CAdES' }), /signs other bytes/);
    expectNotValid(await signTampered(data, () => Buffer.alloc(500, '0'), { type: 'CAdES' }), /not a CMS SignedData/);
    expectNotValid(await signTampered(data, (content) => content.subarray(0, 300), { type: 'CAdES' }), /not a CMS/);
  });

  it('reads hostile SignedData of any shape without failing', async () => {
    const { readSignedData } = await import('../../src/signing/signed-data.ts');
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => readSignedData(bytes) === undefined));
    expect(readSignedData(new Uint8Array(200_000).fill(0x30).map((_, at) => (at % 2 ? 0x80 : 0x30)))).toBeUndefined();
  });
});

describe('the contentCheck setting', () => {
  it('accepts anything if it is off', async () => {
    expect(await signTampered(pdf, () => Buffer.from('anything'), { contentCheck: 'off' })).toMatchObject({ ok: true });
  });

  it('passes what was sent and what came back to a function, whose answer decides', async () => {
    const seen: unknown[] = [];
    const contentCheck: ClientSettings['contentCheck'] = async ({ name, signatureType, original, content }) => {
      seen.push({ name, signatureType, original: original?.size });
      const bytes = await content.slice(0, pdf.length);
      return Buffer.compare(bytes, pdf) === 0 ? 'the certificate is a test certificate' : undefined;
    };
    expectNotValid(await signTampered(pdf, (content) => content, { contentCheck }), /is a test certificate/);
    expect(seen).toEqual([{ name: 'invoice', signatureType: 'PAdES', original: pdf.length }]);
    const failing = () => {
      throw new Error('no trust list');
    };
    expectNotValid(await signTampered(pdf, (content) => content, { contentCheck: failing }), /failed: no trust list/);
    expect(await signTampered(pdf, (content) => content, { contentCheck: () => undefined })).toMatchObject({
      ok: true,
    });
  });

  it('must be known, and its limits must be numbers', () => {
    const base = { environment: 'staging', clientId: 'a', clientSecret: 'secret', retry: impatient } as const;
    expect(() => createSignStash({ ...base, contentCheck: 'always' as never })).toThrow(/contentCheck "always"/);
    expect(() => createSignStash({ ...base, contentLimits: { maxAddedBytes: -1 } })).toThrow(/maxAddedBytes/);
  });
});

describe('the check of a content that an earlier run sent', () => {
  /** Signs a document, then another rendering of it under the same reference, through a service that changes what it stored. */
  async function recover(
    tamper: Tamper,
    type: 'PAdES' | 'XAdES' | 'CAdES' = 'PAdES',
    files = [pdf, minimalPdf('again')],
  ) {
    const sandbox = await testSandbox();
    const [first, second] = files as [Buffer, Buffer];
    await clientOf(sandbox).sign(first, { reference: 'FT-1', type });
    const client = clientOf(sandbox, { fetch: tampering(tamper) });
    const [result] = await client.signMany([{ content: second, reference: 'FT-1', type }], { recoveredContent: 'any' });
    expect(sandbox.admin.counts().documentsSigned).toBe(1);
    return result as SignResult;
  }

  it('accepts an intact signature over other bytes than the given ones', async () => {
    expect(await recover((content) => content)).toMatchObject({ ok: true, recovered: true });
    const xml = ['<a/>', '<a><b/></a>'].map((text) => Buffer.from(text));
    expect(await recover((content) => content, 'XAdES', xml)).toMatchObject({ ok: true, recovered: true });
    expect(await recover((content) => content, 'CAdES')).toMatchObject({ ok: true, recovered: true });
  });

  it('refuses what has no intact signature', async () => {
    expectNotValid(await recover((content) => flip(content, 20)), /is not valid/);
    expectNotValid(await recover(() => minimalPdf('again')), /it is the document that was sent/);
    expectNotValid(await recover(() => minimalPdf('a third one')), /is not valid/);
    expectNotValid(await recover(() => Buffer.from('<html></html>')), /it is a web page/);
    expectNotValid(await recover(() => Buffer.from('anything')), /it is not a PDF file/);
    expectNotValid(await recover(() => Buffer.from('anything'), 'CAdES'), /it is not a CMS SignedData/);
  });

  it('accepts nothing but the given document in the answer to its own request', async () => {
    const other = await replaceBy(minimalPdf('other'));
    const client = clientOf(await testSandbox(), { fetch: tampering(other) });
    const [result] = await client.signMany([{ content: pdf, reference: 'FT-1' }], { recoveredContent: 'any' });
    expectNotValid(result as SignResult, /says that it signed|does not begin/);
  });
});
