import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TrustStore, verifyDocument } from '../src/index.ts';
import { type Identity, issuePair } from './support/authority.ts';
import { encryptWith } from './support/encryption.ts';
import { codes, makePdf, reserveSignature, signPdf, signReserved } from './support/pdf.ts';

const run = promisify(execFile);
/** The test documents state a larger /Size than they need, which qpdf warns about. */
const OPTIONS = ['--allow-weak-crypto', '--warning-exit-0'];

let folder: string;
let seal: Identity;
let trust: TrustStore;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verify-encryption-'));
  const pair = await issuePair();
  seal = pair.seal;
  trust = TrustStore.fromCertificates(pair.root.pem);
});
afterAll(() => rm(folder, { recursive: true }));

/** Encrypts a PDF with an empty place for the signature with qpdf, then signs it. */
async function signEncrypted(passwords: [user: string, owner: string], ...options: string[]): Promise<Buffer> {
  const [plain, encrypted] = [join(folder, 'plain.pdf'), join(folder, 'encrypted.pdf')];
  await writeFile(plain, reserveSignature(makePdf()));
  const end = options.indexOf('--');
  const [encryption, others] = [options.slice(0, end), options.slice(end + 1)];
  await run('qpdf', [...OPTIONS, ...others, '--encrypt', ...passwords, ...encryption, '--', plain, encrypted]);
  return signReserved(await readFile(encrypted), { signer: seal });
}

/** What pdfsig says about it. Its exit code is 0 for a tampered file, too. */
async function pdfsig(bytes: Buffer, ...passwords: string[]): Promise<string> {
  const path = join(folder, 'signed.pdf');
  await writeFile(path, bytes);
  const { stdout } = await run('pdfsig', ['-nocert', ...passwords, path], {
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  });
  return stdout;
}

describe.each([
  ['RC4, 40 bits', ['40']],
  ['RC4, 128 bits', ['128', '--use-aes=n']],
  ['RC4, 128 bits, crypt filters', ['128', '--use-aes=n', '--force-V4']],
  ['AES, 128 bits', ['128', '--use-aes=y']],
  ['AES, 128 bits, plain metadata', ['128', '--use-aes=y', '--cleartext-metadata']],
  ['AES, 256 bits, revision 5', ['256', '--force-R5']],
  ['AES, 256 bits, revision 6', ['256']],
])('a signed PDF that qpdf encrypted with %s', (_, encryption) => {
  describe.each([
    ['cross-reference tables', '--object-streams=disable'],
    ['object streams', '--object-streams=generate'],
  ])('with %s', (__, streams) => {
    it('is verified with the user password and the owner password, as pdfsig does', async () => {
      const signed = await signEncrypted(['user', 'owner'], ...encryption, '--', streams);
      expect(await pdfsig(signed, '-upw', 'user')).toMatch(/Total document signed[\s\S]*Signature is Valid\./);
      for (const password of ['user', 'owner']) {
        const report = await verifyDocument(signed, { trust, password });
        expect(report.reasons).toEqual([]);
        expect(report).toMatchObject({ verdict: 'valid', signatures: [{ name: 'Signature10', level: 'B-B' }] });
        expect(report.signatures[0]!.claimedSigningTime).toEqual(new Date('2026-01-02T03:04:05Z'));
      }
    });

    it('is indeterminate without its password, and invalid with a changed byte', async () => {
      const signed = await signEncrypted(['user', 'owner'], ...encryption, '--', streams);
      const without = await verifyDocument(signed, { trust });
      expect(without).toMatchObject({ verdict: 'indeterminate', signatures: [] });
      expect(without.reasons).toMatchObject([
        { code: 'encrypted', message: expect.stringContaining('needs a password') },
      ]);
      const wrong = await verifyDocument(signed, { trust, password: 'other' });
      expect(wrong).toMatchObject({ verdict: 'indeterminate', signatures: [] });
      signed[12]! ^= 1;
      expect(await pdfsig(signed, '-upw', 'user')).toContain('Digest Mismatch.');
      const changed = await verifyDocument(signed, { trust, password: 'user' });
      expect(changed.verdict).toBe('invalid');
      expect(codes(changed)).toEqual(['digest-mismatch']);
    });

    it('needs no password if its user password is empty', async () => {
      const signed = await signEncrypted(['', 'owner'], ...encryption, '--', streams);
      expect(await pdfsig(signed)).toContain('Signature is Valid.');
      for (const password of [undefined, '', 'owner', 'of another document']) {
        const report = await verifyDocument(signed, { trust, ...(password !== undefined && { password }) });
        expect(report.verdict).toBe('valid');
      }
    });
  });
});

it.each([
  ['RC4, 40 bits', ['40']],
  ['AES, 128 bits', ['128', '--use-aes=y']],
  ['AES, 256 bits', ['256']],
])('accepts the signature that pdfsig appends to a PDF encrypted with %s', async (_, encryption) => {
  const file = (name: string) => join(folder, name);
  const database = `sql:${await mkdtemp(file('nss-'))}`;
  const subject = ['-subj', '/C=PT/CN=NSS Signer', '-addext', 'keyUsage=critical,digitalSignature,nonRepudiation'];
  const keys = ['-nodes', '-keyout', file('nss.key'), '-out', file('nss.pem')];
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-days', '900', ...keys, ...subject]);
  const p12 = ['-export', '-inkey', file('nss.key'), '-in', file('nss.pem'), '-name', 'signer', '-passout', 'pass:x'];
  await run('openssl', ['pkcs12', ...p12, '-out', file('nss.p12')]);
  await run('certutil', ['-N', '-d', database, '--empty-password']);
  await run('pk12util', ['-i', file('nss.p12'), '-d', database, '-W', 'x']);
  await writeFile(file('plain.pdf'), makePdf());
  await run('qpdf', [
    ...OPTIONS,
    '--encrypt',
    'user',
    'owner',
    ...encryption,
    '--',
    file('plain.pdf'),
    file('nss.pdf'),
  ]);
  const sign = ['-nssdir', database, '-add-signature', '-nick', 'signer', '-reason', 'Invoice', '-upw', 'user'];
  await run('pdfsig', [...sign, file('nss.pdf'), file('nss-signed.pdf')]);
  const bytes = await readFile(file('nss-signed.pdf'));
  expect(await pdfsig(bytes, '-upw', 'user')).toContain('Signature is Valid.');
  const nssTrust = await TrustStore.fromFiles(file('nss.pem'));
  expect(await verifyDocument(bytes, { trust: nssTrust, password: 'user' })).toMatchObject({
    verdict: 'valid',
    reasons: [],
    signatures: [{ signer: { commonName: 'NSS Signer' }, coverage: { wholeFile: true } }],
  });
});

it('takes passwords that are not ASCII', async () => {
  for (const encryption of [['128', '--use-aes=y'], ['256']]) {
    const signed = await signEncrypted(['ação', 'owner'], ...encryption, '--');
    expect((await verifyDocument(signed, { trust, password: 'ação' })).verdict).toBe('valid');
    expect((await verifyDocument(signed, { trust, password: 'acao' })).verdict).toBe('indeterminate');
  }
});

it('agrees with pdfsig and qpdf about the encrypted files that the other tests start from', async () => {
  const update = encryptWith('user');
  const signed = signPdf(makePdf('Total: 100.00 EUR', update), { signer: seal, update });
  const twice = signPdf(signed, { signer: seal, number: 20, fields: '7 0 R 10 0 R 20 0 R', update });
  expect((await pdfsig(twice, '-upw', 'user')).match(/Signature is Valid\./g)).toHaveLength(2);
  const shown = await run('qpdf', [
    '--password=user',
    '--warning-exit-0',
    '--show-object=7',
    join(folder, 'signed.pdf'),
  ]);
  expect(shown.stdout).toContain('/V (old)');
  expect((await verifyDocument(twice, { trust, password: 'user' })).verdict).toBe('valid');
});
