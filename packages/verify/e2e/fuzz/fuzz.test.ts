import { beforeAll, describe, expect, it } from 'vitest';
import { TrustStore, type VerificationReport, verifyDocument } from '../../src/index.ts';
import { type Identity, issue, issuePair } from '../../test/support/authority.ts';
import { signCms } from '../../test/support/cms.ts';
import { encryptWith } from '../../test/support/encryption.ts';
import { appendUpdate, makePdf, signPdf } from '../../test/support/pdf.ts';
import { signXml } from '../../test/support/xml.ts';
import { createRandom } from '../corpus/corpus-file.ts';
import { mutate } from './mutate.ts';
import { sameSignedParts, sameSignedPdf, sameSignedXml } from './unsigned-parts.ts';

const MUTATIONS = { pdf: 4500, encrypted: 1000, cms: 2500, xml: 2000, updates: 1000 };
const MAX_CPU_MS = 1000;
const PASSWORD = 'password';
const INVOICE = '<Invoice xmlns="urn:test" Id="invoice"><Total currency="EUR">100.00</Total><!-- draft --></Invoice>';

let seal: Identity;
let trust: TrustStore;
let pdf: Buffer;
let encrypted: Buffer;
let cms: Buffer;
let xml: Buffer;

beforeAll(async () => {
  const pair = await issuePair();
  seal = pair.seal;
  trust = TrustStore.fromCertificates(pair.root.pem);
  const authority = await issue({
    name: 'TSA',
    issuer: pair.root,
    keyUsage: 0x80,
    extendedKeyUsage: ['1.3.6.1.5.5.7.3.8'],
  });
  pdf = signPdf(makePdf(), { signer: seal, timestampAuthority: authority, room: 2048 });
  const update = encryptWith(PASSWORD);
  encrypted = signPdf(makePdf('Total: 100.00 EUR', update), { signer: seal, update, room: 2048 });
  cms = signCms({
    signer: seal,
    content: Buffer.from('Total: 100.00 EUR'),
    attached: true,
    timestampAuthority: authority,
  });
  xml = Buffer.from(signXml(INVOICE, { signer: seal }));
  for (const bytes of [pdf, encrypted, cms, xml]) expect((await verify(bytes)).verdict).toBe('valid');
});

/** Verifies within the limit of processor time. A rejected promise fails the test: problems must be reported. */
async function verify(bytes: Buffer): Promise<VerificationReport> {
  const before = process.cpuUsage();
  const report = await verifyDocument(bytes, { trust, password: PASSWORD });
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(MAX_CPU_MS);
  return report;
}

/** Mutates, and returns the seeds of accepted mutations that change something that is signed. */
async function fuzz(bytes: Buffer, count: number, isHarmless: (changed: Buffer) => boolean): Promise<number[]> {
  const wrong: number[] = [];
  let accepted = 0;
  for (let seed = 1; seed <= count; seed++) {
    const changed = mutate(bytes, seed);
    const { verdict } = await verify(changed);
    if (verdict !== 'valid' && verdict !== 'valid-but-untrusted') continue;
    accepted++;
    if (!isHarmless(changed)) wrong.push(seed);
  }
  console.log(`${count} mutations, ${accepted} accepted because they change nothing that is signed`);
  return wrong;
}

describe('mutated files', () => {
  it('accepts no changed PDF unless only unsigned parts of its CMS changed', async () => {
    expect(await fuzz(pdf, MUTATIONS.pdf, (changed) => sameSignedPdf(pdf, changed))).toEqual([]);
  });

  it('accepts no changed encrypted PDF unless only unsigned parts of its CMS changed', async () => {
    expect(await fuzz(encrypted, MUTATIONS.encrypted, (changed) => sameSignedPdf(encrypted, changed))).toEqual([]);
  });

  it('accepts no changed CMS unless only unsigned parts changed', async () => {
    expect(await fuzz(cms, MUTATIONS.cms, (changed) => sameSignedParts(cms, changed))).toEqual([]);
  });

  it('accepts no changed XML unless its canonical form is the same', async () => {
    expect(await fuzz(xml, MUTATIONS.xml, (changed) => sameSignedXml(xml, changed))).toEqual([]);
  });

  it('accepts no update that replaces or adds an object', async () => {
    const bodies = [
      '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 1 1] >>',
      '<< /Type /Pages /Kids [] /Count 0 >>',
      '<< /Type /Catalog /Pages 2 0 R >>',
      '<< /Fields [] >>',
      '<< /Length 2 >>\nstream\nBT\nendstream',
      '<< /Type /Annot /Subtype /Widget /FT /Sig /T (x) /Rect [0 0 9 9] >>',
      '[7 0 R 10 0 R 20 0 R]',
      'null',
      '42',
    ];
    const accepted: string[] = [];
    for (let seed = 1; seed <= MUTATIONS.updates; seed++) {
      const random = createRandom(seed * 7919);
      const objects: Record<number, string> = {};
      for (let count = 1 + random(3); count > 0; count--) objects[1 + random(25)] = bodies[random(bodies.length)]!;
      const report = await verify(appendUpdate(pdf, objects));
      if (report.verdict.startsWith('valid')) accepted.push(JSON.stringify(objects));
    }
    expect(accepted).toEqual([]);
  });
});
