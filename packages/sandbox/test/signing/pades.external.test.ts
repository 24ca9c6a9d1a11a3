import { beforeAll, describe, expect, it } from 'vitest';
import type { Signer, WireSignatureInfo } from '../../src/signer.ts';
import { openSigner } from '../../src/signing/index.ts';
import { fixture, SIGNABLE_PDFS } from '../support/fixtures.ts';
import { verifySignature } from '../support/pdfsig.ts';
import { run } from '../support/run.ts';
import { embeddedSignatures } from '../support/signed-pdf.ts';
import { temporaryFile, temporaryFolder } from '../support/temporary-folder.ts';

let signer: Signer;
beforeAll(async () => {
  signer = await openSigner({ stateDirectory: temporaryFolder() });
});

async function sign(content: Uint8Array, info: Partial<WireSignatureInfo> = {}, by = signer): Promise<Buffer> {
  const signatureInfo: WireSignatureInfo = { signatureType: 'PAdES', ...info };
  return Buffer.from(await by.sign({ content, contentType: 'application/pdf', signatureInfo }));
}

describe('a signed PDF', () => {
  it.each(SIGNABLE_PDFS)('%s is valid and trusted, and otherwise unchanged', async (name) => {
    const original = await fixture(name);
    const signed = await sign(original);

    expect(signed.subarray(0, original.length).equals(original)).toBe(true);
    const report = await verifySignature(signed, signer.caCertificatePem);
    expect(report).toMatchObject({ valid: true, trusted: true, totalDocumentSigned: true });
    expect(report.signatures).toMatchObject([
      { type: 'ETSI.CAdES.detached', hashAlgorithm: 'SHA-256', signer: 'Sandbox Seal — Not Qualified' },
    ]);
    const check = await run('qpdf', ['--check', temporaryFile(signed)]);
    expect(check.text).toContain('No syntax or stream encoding errors found');
    expect(check.text).not.toContain('WARNING');
    expect((await run('pdftotext', ['-', '-'], signed)).text).toContain('ATCUD: EXEMPLO1');
  });

  it('is a CAdES baseline signature to openssl, without the signing time PAdES forbids', async () => {
    const [signature] = embeddedSignatures(await sign(await fixture('chromium.pdf')));
    const { text, exitCode } = await verifyCms(signature!);
    expect(text).toContain('CAdES Verification successful');
    expect(exitCode).toBe(0);

    const printed = (await run('openssl', ['cms', '-cmsout', '-print', '-inform', 'DER'], signature!.cms)).text;
    expect(printed).toContain('id-smime-aa-signingCertificateV2');
    expect(printed).not.toContain('signingTime');
    const certificates = await run('openssl', ['pkcs7', '-inform', 'DER', '-print_certs'], signature!.cms);
    expect(certificates.text.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
    expect(printed).toContain('sha256WithRSAEncryption');
  });

  it('is not confused with a tampered one', async () => {
    const signed = await sign(await fixture('pdf-lib.pdf'));
    const tampered = Buffer.from(signed);
    const total = tampered.indexOf('/Title');
    tampered[total + 8]! ^= 1;

    const report = await verifySignature(tampered, signer.caCertificatePem);
    expect(report.valid).toBe(false);
    expect(report.signatures[0]?.validation).toBe('Digest Mismatch.');
    const [signature] = embeddedSignatures(tampered);
    expect((await verifyCms(signature!)).exitCode).not.toBe(0);
  });

  it('is not confused with one that has data appended', async () => {
    const signed = await sign(await fixture('pdf-lib.pdf'));
    const report = await verifySignature(Buffer.concat([signed, Buffer.from('% more\n')]), signer.caCertificatePem);
    expect(report).toMatchObject({ valid: true, totalDocumentSigned: false });
  });

  it('is not trusted with the root of another sandbox', async () => {
    const other = await openSigner({ stateDirectory: temporaryFolder() });
    const report = await verifySignature(await sign(await fixture('pdf-lib.pdf')), other.caCertificatePem);
    expect(report).toMatchObject({ valid: true, trusted: false });
  });

  it('carries reason, location and time where readers look for them', async () => {
    const before = new Date();
    const signed = await sign(await fixture('xref-stream.pdf'), { reason: 'Emissão de fatura', location: 'Évora' });
    const json = JSON.parse(
      (await run('qpdf', ['--json=1', '--json-key=objects', temporaryFile(signed)])).stdout.toString(),
    );
    const objects: Record<string, unknown>[] = Object.values(json.objects);
    const dictionary = objects.find((object) => object?.['/Type'] === '/Sig');
    expect(dictionary).toMatchObject({
      '/SubFilter': '/ETSI.CAdES.detached',
      '/Reason': 'Emissão de fatura',
      '/Location': 'Évora',
    });
    expect(Object.keys(dictionary!).sort()).toEqual(
      ['/ByteRange', '/Contents', '/Filter', '/Location', '/M', '/Reason', '/SubFilter', '/Type'].sort(),
    );
    expect(/\/Contents <([0-9a-f]+)>/.exec(signed.toString('latin1'))![1]).toHaveLength(2 * 18_944);
    const [, ...parts] = /^D:(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\+00'00'$/.exec(String(dictionary?.['/M'])) ?? [];
    const [year, month, day, hour, minute, second] = parts.map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const time = Date.UTC(year, month - 1, day, hour, minute, second);
    expect(time).toBeGreaterThanOrEqual(Math.floor(before.getTime() / 1000) * 1000);
    expect(time).toBeLessThanOrEqual(Date.now());
  });

  it('may carry an ECDSA signature', async () => {
    const ec = await openSigner({ stateDirectory: temporaryFolder(), keyAlgorithm: 'EC-P256' });
    const signed = await sign(await fixture('linearized.pdf'), { applyTimestamp: true }, ec);
    expect(await verifySignature(signed, ec.caCertificatePem)).toMatchObject({ valid: true, trusted: true });
    const [signature] = embeddedSignatures(signed);
    expect((await verifyCms(signature!, ec)).text).toContain('CAdES Verification successful');
  });

  it('may be 20 MB large', async () => {
    const padding = `9999 0 obj\n<</Length 20000000>>\nstream\n${'x'.repeat(20_000_000)}\nendstream\nendobj\n`;
    const small = (await fixture('pdf-lib.pdf')).toString('latin1');
    const table = small.lastIndexOf('xref\n', small.lastIndexOf('startxref') - 1);
    const large = (small.slice(0, table) + padding + small.slice(table)).replace(
      /startxref\s+\d+/,
      `startxref\n${table + padding.length}`,
    );
    const signed = await sign(Buffer.from(large, 'latin1'));
    expect(await verifySignature(signed, signer.caCertificatePem)).toMatchObject({ valid: true, trusted: true });
  });
});

describe('a timestamped signature', () => {
  it('carries a token over the signature value that openssl accepts', async () => {
    const before = Date.now();
    const signed = await sign(await fixture('chromium.pdf'), { applyTimestamp: true });
    expect(await verifySignature(signed, signer.caCertificatePem)).toMatchObject({
      valid: true,
      trusted: true,
      totalDocumentSigned: true,
    });
    const [signature] = embeddedSignatures(signed);
    const { token, signatureValue } = await cutTimestamp(signature!.cms);
    const args = ['-token_in', '-in', temporaryFile(token), '-CAfile', signer.caCertificatePath];
    const right = await run('openssl', ['ts', '-verify', ...args, '-data', temporaryFile(signatureValue)]);
    expect(right.text).toContain('Verification: OK');
    const wrong = await run('openssl', ['ts', '-verify', ...args, '-data', temporaryFile(Buffer.from('else'))]);
    expect(wrong.text).toContain('message imprint mismatch');

    const printed = await run('openssl', ['ts', '-reply', '-token_in', '-in', temporaryFile(token), '-text']);
    const time = Date.parse(/Time stamp: (.*)/.exec(printed.text)![1]!);
    expect(time).toBeGreaterThanOrEqual(before - 1000);
    expect(time).toBeLessThanOrEqual(Date.now() + 1000);
  });

  it('is present only on request', async () => {
    const [signature] = embeddedSignatures(await sign(await fixture('chromium.pdf')));
    await expect(cutTimestamp(signature!.cms)).rejects.toThrow('no timestamp');
  });
});

describe('a PDF that is signed already', () => {
  it('keeps an earlier signature of another signer valid', async () => {
    const signed = await sign(await fixture('signed-before.pdf'));
    const report = await verifySignature(signed, signer.caCertificatePem);
    expect(report).toMatchObject({ valid: true, trusted: true, totalDocumentSigned: true });
    expect(report.signatures).toMatchObject([
      { signer: 'Outro Selo de Teste', fieldName: 'Signature1', trusted: false, totalDocumentSigned: false },
      { signer: 'Sandbox Seal — Not Qualified', fieldName: 'Signature2', trusted: true, totalDocumentSigned: true },
    ]);
  });

  it.each(['pdf-lib.pdf', 'xref-stream.pdf', 'linearized.pdf', 'hybrid.pdf'])(
    '%s can be signed three times',
    async (name) => {
      let pdf = await fixture(name);
      for (let time = 0; time < 3; time++) pdf = await sign(pdf);
      const report = await verifySignature(pdf, signer.caCertificatePem);
      expect(report).toMatchObject({ valid: true, trusted: true, totalDocumentSigned: true });
      expect(report.signatures.map(({ fieldName }) => fieldName)).toEqual(['Signature1', 'Signature2', 'Signature3']);
    },
  );

  it('keeps the fields of a form', async () => {
    const signed = await sign(await fixture('signature-field.pdf'));
    const json = JSON.parse(
      (await run('qpdf', ['--json', '--json-key=acroform', temporaryFile(signed)])).stdout.toString(),
    );
    const names = json.acroform.fields.map((field: { fullname: string }) => field.fullname);
    expect(names).toEqual(['Observações', 'SeloFornecedor', 'Signature1']);
  });
});

async function verifyCms({ cms, covered }: { cms: Buffer; covered: Buffer }, by = signer) {
  const content = temporaryFile(covered);
  const args = ['-verify', '-cades', '-binary', '-inform', 'DER', '-purpose', 'any', '-out', '/dev/null'];
  return run('openssl', ['cms', ...args, '-content', content, '-CAfile', by.caCertificatePath], cms);
}

/** Reads the timestamp token and the signature value out of a CMS with openssl's own ASN.1 parser. */
async function cutTimestamp(cms: Buffer): Promise<{ token: Buffer; signatureValue: Buffer }> {
  const lines = (await run('openssl', ['asn1parse', '-inform', 'DER'], cms)).text.split('\n').map((line) => {
    const match = /^ *(\d+):d=(\d+) +hl=(\d+) l= *(\d+) (?:prim|cons): *(.*)$/.exec(line);
    const [offset, depth, header, length] = (match ?? []).slice(1, 5).map(Number);
    return { offset: offset!, depth: depth!, header: header!, length: length!, tag: match?.[5] ?? '' };
  });
  const bytes = ({ offset, header, length }: (typeof lines)[number]) => cms.subarray(offset, offset + header + length);
  const attribute = lines.findIndex(({ tag }) => tag.includes('id-smime-aa-timeStampToken'));
  if (attribute < 0) throw new Error('There is no timestamp in this CMS');
  // The attribute's type, the SET of its values, the token.
  const token = bytes(lines[attribute + 2]!);
  const unsigned = lines.slice(0, attribute).findLastIndex(({ tag }) => tag.startsWith('cont [ 1 ]'));
  const value = lines[unsigned - 1]!;
  return { token, signatureValue: bytes(value).subarray(value.header) };
}
