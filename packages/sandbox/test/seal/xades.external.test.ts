import { beforeAll, describe, expect, it } from 'vitest';
import { openSealer } from '../../src/seal/index.ts';
import type { Sealer, WireSignatureInfo } from '../../src/sealer.ts';
import { fixture } from '../support/fixtures.ts';
import { run } from '../support/run.ts';
import { temporaryFile, temporaryFolder } from '../support/temporary-folder.ts';

let sealer: Sealer;
beforeAll(async () => {
  sealer = await openSealer({ stateDirectory: temporaryFolder() });
});

async function seal(xml: string | Uint8Array, info: Partial<WireSignatureInfo> = {}, by = sealer): Promise<string> {
  const content = typeof xml === 'string' ? Buffer.from(xml) : xml;
  const signatureInfo: WireSignatureInfo = { signatureType: 'XAdES', ...info };
  return Buffer.from(await by.seal({ content, contentType: 'application/xml', signatureInfo })).toString();
}

/** xmlsec1 knows nothing of this code: it canonicalises, digests and checks the chain by itself. */
async function verify(xml: string, by = sealer) {
  const idAttribute = 'http://uri.etsi.org/01903/v1.3.2#:SignedProperties';
  const args = ['--verify', '--trusted-pem', by.caCertificatePath, '--id-attr:Id', idAttribute];
  const { exitCode, text } = await run('xmlsec1', [...args, temporaryFile(Buffer.from(xml))]);
  return { valid: exitCode === 0 && /^OK$/m.test(text), text };
}

const TRANSFORMS = ['ENVELOPED', 'XPATH', 'XPATH2_FILTER'] as const;
const CANONICALS = ['EXCLUSIVE', 'EXCLUSIVE_WITH_COMMENTS'] as const;

describe('a sealed e-invoice', () => {
  it.each(
    TRANSFORMS.flatMap((signatureTransform) =>
      CANONICALS.map((canonicalTransform) => ({ signatureTransform, canonicalTransform })),
    ),
  )('is valid with $signatureTransform and $canonicalTransform', async (advanced) => {
    const advancedSignatureInfo = { ...advanced, signatureLocation: 'ext:ExtensionContent' };
    const sealed = await seal(await fixture('ubl-invoice.xml'), { advancedSignatureInfo });
    const { valid, text } = await verify(sealed);
    expect(text).toContain('SignedInfo References (ok/all): 2/2');
    expect(valid).toBe(true);
    expect(sealed).toMatch(/<ext:ExtensionContent><ds:Signature /);
    expect((await verify(sealed.replace('Bolo de maçã', 'Bolo de mata'))).valid).toBe(false);
    expect((await verify(sealed.replace(/<xades:SigningTime>\d/, '<xades:SigningTime>3'))).valid).toBe(false);
  });

  it('names its certificate and its format, as XAdES baseline wants', async () => {
    const sealed = await seal(await fixture('ubl-invoice.xml'));
    expect(sealed).toContain('<xades:SigningCertificateV2>');
    expect(sealed).toContain('<xades:MimeType>application/xml</xades:MimeType>');
    const id = /<ds:Reference Id="([^"]+)" URI="">/.exec(sealed)?.[1];
    expect(sealed).toContain(`<xades:DataObjectFormat ObjectReference="#${id}">`);
    expect(sealed.trimEnd()).toMatch(/<\/ds:Signature><\/Invoice>$/);
  });

  it('may carry an RSA seal', async () => {
    const rsa = await openSealer({ stateDirectory: temporaryFolder(), keyAlgorithm: 'RSA-2048' });
    expect((await verify(await seal(await fixture('ubl-invoice.xml'), {}, rsa), rsa)).valid).toBe(true);
  });

  it('may be timestamped, over the canonical signature value', async () => {
    const sealed = await seal(await fixture('ubl-invoice.xml'), { applyTimestamp: true });
    expect((await verify(sealed)).valid).toBe(true);
    const token = /<xades:EncapsulatedTimeStamp>([^<]+)</.exec(sealed)![1]!;
    const stamped = /<ds:SignatureValue[^>]*>[^<]+<\/ds:SignatureValue>/.exec(sealed)![0];
    const args = ['-token_in', '-in', temporaryFile(Buffer.from(token, 'base64')), '-CAfile', sealer.caCertificatePath];
    const checked = await run('openssl', ['ts', '-verify', ...args, '-data', temporaryFile(Buffer.from(stamped))]);
    expect(checked.text).toContain('Verification: OK');
  });

  it.each(['XPATH', 'XPATH2_FILTER'] as const)(
    'can be signed twice with %s, and both seals hold',
    async (signatureTransform) => {
      const advancedSignatureInfo = { signatureTransform };
      const once = await seal(await fixture('ubl-invoice.xml'), { advancedSignatureInfo });
      const twice = await seal(once, { advancedSignatureInfo });
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
    const sealed = await seal(xml);
    expect(await verify(sealed)).toMatchObject({ valid: true });
  });

  it('in another encoding comes back in UTF-8', async () => {
    const latin1 = Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>ção</a>', 'latin1');
    const sealed = await seal(latin1);
    expect(sealed).toMatch(/^<\?xml version="1.0" encoding="utf-8"\?>\s*<a>ção</i);
    expect((await verify(sealed)).valid).toBe(true);
  });
});
