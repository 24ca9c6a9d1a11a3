import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pdflibAddPlaceholder } from '@signpdf/placeholder-pdf-lib';
import { P12Signer } from '@signpdf/signer-p12';
import { SignPdf } from '@signpdf/signpdf';
import { SUBFILTER_ADOBE_PKCS7_DETACHED, SUBFILTER_ETSI_CADES_DETACHED } from '@signpdf/utils';
import { PDFDocument } from 'pdf-lib';
import type { CorpusFile } from './corpus-file.ts';
import { run } from './tools.ts';

const CONTENT = Buffer.from('Content that openssl signs\n');
const XML = '<Invoice xmlns="urn:test" xmlns:x="urn:unused"><Total>100.00</Total></Invoice>';
const DS = 'http://www.w3.org/2000/09/xmldsig#';

/** Files signed by `@signpdf`, `openssl cms` and `xmlsec1`, with certificates that openssl issues. */
export async function signWithTools(folder: string): Promise<CorpusFile[]> {
  const file = (name: string) => join(folder, name);
  await issueCertificates(folder);
  return [...(await signWithSignpdf(file)), ...(await signWithOpenssl(file)), ...(await signWithXmlsec(file))];
}

async function must(program: string, ...args: string[]): Promise<void> {
  const { exitCode, text } = await run(program, args);
  if (exitCode !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${text}`);
}

async function issueCertificates(folder: string): Promise<void> {
  const file = (name: string) => join(folder, name);
  const root = [
    '-x509',
    '-days',
    '3650',
    '-subj',
    '/C=PT/CN=Corpus Root',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
  ];
  await must(
    'openssl',
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    file('root.key'),
    '-out',
    file('root.pem'),
    ...root,
  );
  await writeFile(
    file('extensions'),
    'basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature,nonRepudiation\n',
  );
  for (const [name, ...key] of [
    ['rsa', 'rsa:3072'],
    ['ec', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ] as [string, ...string[]][]) {
    const request = [
      '-nodes',
      '-keyout',
      file(`${name}.key`),
      '-out',
      file(`${name}.csr`),
      '-subj',
      `/C=PT/CN=Corpus ${name}`,
    ];
    await must('openssl', 'req', '-newkey', ...key, ...request);
    const issuer = ['-CA', file('root.pem'), '-CAkey', file('root.key'), '-CAcreateserial', '-days', '3000'];
    await must(
      'openssl',
      'x509',
      '-req',
      '-in',
      file(`${name}.csr`),
      ...issuer,
      '-extfile',
      file('extensions'),
      '-out',
      file(`${name}.pem`),
    );
  }
  const p12 = ['-export', '-legacy', '-inkey', file('rsa.key'), '-in', file('rsa.pem'), '-certfile', file('root.pem')];
  await must('openssl', 'pkcs12', ...p12, '-passout', 'pass:corpus', '-out', file('rsa.p12'));
}

async function signWithSignpdf(file: (name: string) => string): Promise<CorpusFile[]> {
  const p12 = await readFile(file('rsa.p12'));
  const files: CorpusFile[] = [];
  for (const subFilter of [SUBFILTER_ADOBE_PKCS7_DETACHED, SUBFILTER_ETSI_CADES_DETACHED]) {
    for (const useObjectStreams of [false, true]) {
      const document = await PDFDocument.create();
      document.addPage([300, 300]).drawText('Signed by signpdf', { x: 20, y: 200, size: 12 });
      pdflibAddPlaceholder({
        pdfDoc: document,
        reason: 'Test',
        contactInfo: 'x',
        name: 'Corpus',
        location: 'Lisboa',
        subFilter,
      });
      const placeholder = Buffer.from(await document.save({ useObjectStreams }));
      const bytes = await new SignPdf().sign(placeholder, new P12Signer(p12, { passphrase: 'corpus' }));
      const origin = `@signpdf, ${subFilter}, ${useObjectStreams ? 'streams' : 'table'}`;
      files.push({ kind: 'pdf', origin, variant: 'as signed', bytes, rootPath: file('root.pem') });
    }
  }
  return files;
}

async function signWithOpenssl(file: (name: string) => string): Promise<CorpusFile[]> {
  await writeFile(file('content'), CONTENT);
  const forms: [string, string, string[]][] = [
    ['RSA, attached', 'rsa', ['-nodetach']],
    ['RSA, CAdES', 'rsa', ['-nodetach', '-cades']],
    ['RSA, detached', 'rsa', []],
    ['RSA-PSS, SHA-512', 'rsa', ['-nodetach', '-md', 'sha512', '-keyopt', 'rsa_padding_mode:pss']],
    ['RSA, SHA-1', 'rsa', ['-nodetach', '-md', 'sha1']],
    ['RSA, key identifier', 'rsa', ['-nodetach', '-keyid']],
    ['RSA, no signed attributes', 'rsa', ['-nodetach', '-noattr']],
    ['RSA, no certificates', 'rsa', ['-nodetach', '-nocerts']],
    ['ECDSA, CAdES, SHA-384', 'ec', ['-nodetach', '-cades', '-md', 'sha384']],
    ['ECDSA, detached', 'ec', ['-cades']],
    ['ECDSA, streamed', 'ec', ['-nodetach', '-stream']],
  ];
  const files: CorpusFile[] = [];
  for (const [form, key, args] of forms) {
    // The key option has to follow the signer.
    const at = args.indexOf('-keyopt');
    const [options, keyOptions] = at < 0 ? [args, []] : [args.slice(0, at), args.slice(at)];
    const signer = ['-signer', file(`${key}.pem`), '-inkey', file(`${key}.key`), ...keyOptions];
    const io = ['-binary', '-in', file('content'), '-outform', 'DER', '-out', file('signed.p7m')];
    await must('openssl', 'cms', '-sign', ...io, ...signer, ...options, '-certfile', file('root.pem'));
    const bytes = await readFile(file('signed.p7m'));
    const content = options.includes('-nodetach') ? {} : { content: CONTENT };
    files.push({
      kind: 'cms',
      origin: `openssl cms, ${form}`,
      variant: 'as signed',
      bytes,
      rootPath: file('root.pem'),
      ...content,
    });
  }
  return files;
}

async function signWithXmlsec(file: (name: string) => string): Promise<CorpusFile[]> {
  const canonicalizations: Record<string, string> = {
    'inclusive C14N': 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315',
    'C14N 1.1': 'http://www.w3.org/2006/12/xml-c14n11',
    'exclusive C14N': 'http://www.w3.org/2001/10/xml-exc-c14n#',
  };
  const files: CorpusFile[] = [];
  for (const [name, canonicalization] of Object.entries(canonicalizations)) {
    for (const key of ['rsa', 'ec']) {
      const method = `http://www.w3.org/2001/04/xmldsig-more#${key === 'ec' ? 'ecdsa' : 'rsa'}-sha256`;
      const template = `<Signature xmlns="${DS}"><SignedInfo><CanonicalizationMethod Algorithm="${canonicalization}"/>
<SignatureMethod Algorithm="${method}"/><Reference URI=""><Transforms><Transform Algorithm="${DS}enveloped-signature"/>
<Transform Algorithm="${canonicalization}"/></Transforms><DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>
<DigestValue/></Reference></SignedInfo><SignatureValue/><KeyInfo><X509Data/></KeyInfo></Signature>`;
      await writeFile(file('template.xml'), XML.replace('</Invoice>', `${template}</Invoice>`));
      const keys = `${file(`${key}.key`)},${file(`${key}.pem`)},${file('root.pem')}`;
      await must('xmlsec1', '--sign', '--privkey-pem', keys, '--output', file('signed.xml'), file('template.xml'));
      const bytes = await readFile(file('signed.xml'));
      files.push({
        kind: 'xml',
        origin: `xmlsec1, ${key}, ${name}`,
        variant: 'as signed',
        bytes,
        rootPath: file('root.pem'),
      });
    }
  }
  return files;
}
