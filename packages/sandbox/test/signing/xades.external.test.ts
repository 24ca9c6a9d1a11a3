import { beforeAll, describe, expect, it } from 'vitest';
import type { Signer, WireSignatureInfo } from '../../src/signer.ts';
import { openSigner } from '../../src/signing/index.ts';
import { fixture } from '../support/fixtures.ts';
import { run } from '../support/run.ts';
import { temporaryFile, temporaryFolder } from '../support/temporary-folder.ts';

let signer: Signer;
beforeAll(async () => {
  signer = await openSigner({ stateDirectory: temporaryFolder() });
});

async function sign(xml: string | Uint8Array, info: Partial<WireSignatureInfo> = {}, by = signer): Promise<string> {
  const content = typeof xml === 'string' ? Buffer.from(xml) : xml;
  const signatureInfo: WireSignatureInfo = { signatureType: 'XAdES', ...info };
  return Buffer.from(await by.sign({ content, contentType: 'application/xml', signatureInfo })).toString();
}

/** xmlsec1 is independent of this code: it canonicalises, digests and checks the chain by itself. */
async function verify(xml: string, by = signer) {
  const idAttribute = 'http://uri.etsi.org/01903/v1.3.2#:SignedProperties';
  const args = ['--verify', '--trusted-pem', by.caCertificatePath, '--id-attr:Id', idAttribute];
  const { exitCode, text } = await run('xmlsec1', [...args, temporaryFile(Buffer.from(xml))]);
  return { valid: exitCode === 0 && /^OK$/m.test(text), text };
}

const TRANSFORMS = ['ENVELOPED', 'XPATH', 'XPATH2_FILTER'] as const;
const CANONICALS = ['EXCLUSIVE', 'EXCLUSIVE_WITH_COMMENTS'] as const;

describe('a signed e-invoice', () => {
  it.each(
    TRANSFORMS.flatMap((signatureTransform) =>
      CANONICALS.map((canonicalTransform) => ({ signatureTransform, canonicalTransform })),
    ),
  )('is valid with $signatureTransform and $canonicalTransform', async (advanced) => {
    const advancedSignatureInfo = { ...advanced, signatureLocation: 'ext:ExtensionContent' };
    const signed = await sign(await fixture('ubl-invoice.xml'), { advancedSignatureInfo });
    const { valid, text } = await verify(signed);
    expect(text).toContain('SignedInfo References (ok/all): 2/2');
    expect(valid).toBe(true);
    expect(signed).toMatch(/<ext:ExtensionContent><ds:Signature /);
    expect((await verify(signed.replace('Bolo de maçã', 'Bolo de mata'))).valid).toBe(false);
    expect((await verify(signed.replace(/<xades:SigningTime>\d/, '<xades:SigningTime>3'))).valid).toBe(false);
  });

  it('contains the certificate and data format references required by the XAdES baseline', async () => {
    const signed = await sign(await fixture('ubl-invoice.xml'));
    expect(signed).toContain('<xades:SigningCertificateV2>');
    expect(signed).toContain('<xades:MimeType>application/xml</xades:MimeType>');
    const id = /<ds:Reference Id="([^"]+)" URI="">/.exec(signed)?.[1];
    expect(signed).toContain(`<xades:DataObjectFormat ObjectReference="#${id}">`);
    expect(signed.trimEnd()).toMatch(/<\/ds:Signature><\/Invoice>$/);
  });

  it('may carry an RSA signature', async () => {
    const rsa = await openSigner({ stateDirectory: temporaryFolder(), keyAlgorithm: 'RSA-2048' });
    expect((await verify(await sign(await fixture('ubl-invoice.xml'), {}, rsa), rsa)).valid).toBe(true);
  });

  it('may be timestamped, over the canonical signature value', async () => {
    const signed = await sign(await fixture('ubl-invoice.xml'), { applyTimestamp: true });
    expect((await verify(signed)).valid).toBe(true);
    const token = /<xades:EncapsulatedTimeStamp>([^<]+)</.exec(signed)![1]!;
    const stamped = /<ds:SignatureValue[^>]*>[^<]+<\/ds:SignatureValue>/.exec(signed)![0];
    const args = ['-token_in', '-in', temporaryFile(Buffer.from(token, 'base64')), '-CAfile', signer.caCertificatePath];
    const checked = await run('openssl', ['ts', '-verify', ...args, '-data', temporaryFile(Buffer.from(stamped))]);
    expect(checked.text).toContain('Verification: OK');
  });

  it.each(['XPATH', 'XPATH2_FILTER'] as const)(
    'can be signed twice with %s, and both signatures are valid',
    async (signatureTransform) => {
      const advancedSignatureInfo = { signatureTransform };
      const once = await sign(await fixture('ubl-invoice.xml'), { advancedSignatureInfo });
      const twice = await sign(once, { advancedSignatureInfo });
      expect((await verify(twice)).valid).toBe(true);
      // xmlsec1 looks at the first signature only, so the second one is asked for by its place.
      const [, second] = twice.match(/<ds:Signature .*?<\/ds:Signature>/gs)!;
      const onlySecond = twice.replace(/<ds:Signature .*?<\/ds:Signature>/s, '');
      expect(onlySecond).toContain(second);
      expect((await verify(onlySecond)).valid).toBe(true);
    },
  );
});

describe('any XML', () => {
  it.each([
    [
      'comments, instructions and CDATA',
      '<?xml version="1.0"?><?style a?><!--x--><a><!--y--><?pi z?><![CDATA[<&>]]> &#13;é</a><!--w-->',
    ],
    ['no declaration, a byte order mark', '\ufeff<a xmlns="urn:a"><b xmlns="" c="1 &#10; &quot;"/></a>'],
    [
      'attributes and namespaces to be sorted',
      '<z:a xmlns:z="urn:z" xmlns:y="urn:y" b="1" y:a="2" a="3" z:c="4"><y:b/></z:a>',
    ],
    ['line ends of Windows', '<a>\r\n<b>1</b>\r\n</a>'],
  ])('with %s can be signed', async (_, xml) => {
    const signed = await sign(xml);
    expect(await verify(signed)).toMatchObject({ valid: true });
  });

  it('in another encoding comes back in UTF-8', async () => {
    const latin1 = Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>ção</a>', 'latin1');
    const signed = await sign(latin1);
    expect(signed).toMatch(/^<\?xml version="1.0" encoding="utf-8"\?>\s*<a>ção</i);
    expect((await verify(signed)).valid).toBe(true);
  });
});
