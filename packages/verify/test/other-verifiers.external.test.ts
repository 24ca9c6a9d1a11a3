import { execFile, execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TrustStore, verifyDocument } from '../src/index.ts';
import { type Identity, issue, issuePair } from './support/authority.ts';
import { signCms } from './support/cms.ts';
import { makePdf, signPdf } from './support/pdf.ts';
import { signXml } from './support/xml.ts';

let folder: string;
let root: Identity;
let seal: Identity;
let trust: TrustStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verify-others-'));
  ({ root, seal } = await issuePair());
  trust = TrustStore.fromCertificates(root.pem);
  await writeFile(join(folder, 'root.pem'), root.pem);
});
afterAll(() => rm(folder, { recursive: true }));

/** The output of a program on a file, whatever its exit code. */
async function ask(bytes: Buffer, program: string, ...args: string[]): Promise<string> {
  const path = join(folder, 'document');
  await writeFile(path, bytes);
  return new Promise((resolve, reject) => {
    execFile(program, [...args, path], { env: { ...process.env, LC_ALL: 'C.UTF-8' } }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve(stdout + stderr);
    });
  });
}

function flip(bytes: Buffer, text: string): Buffer {
  const changed = Buffer.from(bytes);
  changed[changed.indexOf(text)]! ^= 1;
  return changed;
}

it('agrees with pdfsig on the PDF files that the other tests start from', async () => {
  const signed = signPdf(makePdf(), { signer: seal });
  const changed = flip(signed, 'Total');
  expect(await ask(signed, 'pdfsig', '-nocert')).toMatch(/Total document signed[\s\S]*Signature is Valid\./);
  expect((await verifyDocument(signed, { trust })).verdict).toBe('valid');
  expect(await ask(changed, 'pdfsig', '-nocert')).toContain('Digest Mismatch.');
  expect((await verifyDocument(changed, { trust })).verdict).toBe('invalid');
});

it('agrees with openssl on the CMS files that the other tests start from', async () => {
  const signed = signCms({ signer: seal, content: Buffer.from('Total: 100.00 EUR'), attached: true });
  const args = [
    'cms',
    '-verify',
    '-cades',
    '-inform',
    'DER',
    '-purpose',
    'any',
    '-CAfile',
    join(folder, 'root.pem'),
    '-in',
  ];
  expect(await ask(signed, 'openssl', ...args)).toContain('CAdES Verification successful');
  expect((await verifyDocument(signed, { trust })).verdict).toBe('valid');
  expect(await ask(flip(signed, 'Total'), 'openssl', ...args)).toContain('Verification failure');
  expect((await verifyDocument(flip(signed, 'Total'), { trust })).verdict).toBe('invalid');
});

it('agrees with xmlsec1 on the XML files that the other tests start from', async () => {
  const signed = Buffer.from(signXml('<Invoice xmlns="urn:test"><Total>100.00</Total></Invoice>', { signer: seal }));
  const idAttribute = 'http://uri.etsi.org/01903/v1.3.2#:SignedProperties';
  const args = ['--verify', '--trusted-pem', join(folder, 'root.pem'), '--id-attr:Id', idAttribute];
  expect(await ask(signed, 'xmlsec1', ...args)).toMatch(/^OK$/m);
  expect((await verifyDocument(signed, { trust })).verdict).toBe('valid');
  expect(await ask(flip(signed, '100.00'), 'xmlsec1', ...args)).toMatch(/^FAIL$/m);
  expect((await verifyDocument(flip(signed, '100.00'), { trust })).verdict).toBe('invalid');
});

it('verifies document timestamps that openssl made, and verifies itself', async () => {
  const authority = await issue({
    name: 'TSA',
    issuer: root,
    keyUsage: 0x80,
    extendedKeyUsage: ['1.3.6.1.5.5.7.3.8'],
  });
  const file = (name: string) => join(folder, name);
  await writeFile(file('tsa.pem'), authority.pem);
  await writeFile(file('tsa.key'), authority.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const section = ['[tsa]', `serial=${file('tsa.serial')}`, 'default_policy=1.2.3.4', 'digests=sha256,sha512'];
  await writeFile(file('tsa.cnf'), [...section, 'ess_cert_id_alg=sha256', 'signer_digest=sha256', ''].join('\n'));
  const openssl = (...args: string[]) => execFileSync('openssl', ['ts', ...args], { stdio: 'pipe' }).toString();
  const token = (content: Buffer) => {
    writeFileSync(file('content'), content);
    openssl('-query', '-data', file('content'), '-sha512', '-cert', '-out', file('query'));
    const reply = ['-reply', '-config', file('tsa.cnf'), '-section', 'tsa', '-queryfile', file('query')];
    openssl(...reply, '-signer', file('tsa.pem'), '-inkey', file('tsa.key'), '-token_out', '-out', file('token'));
    const check = ['-verify', '-data', file('content'), '-token_in', '-in', file('token')];
    expect(openssl(...check, '-CAfile', file('root.pem'))).toContain('Verification: OK');
    return readFileSync(file('token'));
  };
  const stamped = signPdf(makePdf(), { signer: authority, subFilter: 'ETSI.RFC3161', token });
  // pdfsig reads them, but cannot validate them.
  expect(await ask(stamped, 'pdfsig', '-nocert')).toMatch(/Common Name: TSA[\s\S]*Total document signed/);
  const report = await verifyDocument(stamped, { trust });
  expect(report).toMatchObject({
    verdict: 'valid',
    signatures: [{ kind: 'document-timestamp', timestamp: { trusted: true, digestAlgorithm: 'SHA-512' } }],
  });
  expect((await verifyDocument(flip(stamped, 'Total'), { trust })).verdict).toBe('invalid');
});
