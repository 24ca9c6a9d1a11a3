import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTrustedList, TrustStore, verifyDocument } from '../src/index.ts';
import { type Identity, issue, issuePair } from './support/authority.ts';
import { signCms } from './support/cms.ts';
import { signXml } from './support/xml.ts';

const SERVICE = 'http://uri.etsi.org/TrstSvc';
const GRANTED = `${SERVICE}/TrustedList/Svcstatus/granted`;
const WITHDRAWN = `${SERVICE}/TrustedList/Svcstatus/withdrawn`;
const FOR_SEALS = `${SERVICE}/TrustedList/SvcInfoExt/ForeSeals`;

let folder: string;
let root: Identity;
let seal: Identity;
let operator: Identity;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verify-trust-'));
  ({ root, seal } = await issuePair());
  operator = await issue({ name: 'Scheme Operator', keyUsage: 0x80 });
});
afterAll(() => rm(folder, { recursive: true }));

describe('roots', () => {
  it('reads PEM and DER, from memory, files and a folder', async () => {
    await writeFile(join(folder, 'root.pem'), root.pem);
    await writeFile(join(folder, 'seal.cer'), seal.der);
    await writeFile(join(folder, 'notes.txt'), 'no certificate');
    const names = ({ anchors }: TrustStore) => anchors.map(({ name }) => name);
    expect(names(TrustStore.fromCertificates([root.pem, seal.der]))).toEqual(['given', 'given']);
    expect(names(TrustStore.fromCertificates(root.pem + seal.pem))).toEqual(['given', 'given']);
    expect(names(await TrustStore.fromFiles(join(folder, 'root.pem')))).toEqual(['root.pem']);
    expect(names(await TrustStore.fromFolder(folder))).toEqual(['root.pem', 'seal.cer']);
    const both = await TrustStore.fromPaths([join(folder, 'root.pem'), folder]);
    expect(names(both)).toEqual(['root.pem', 'root.pem', 'seal.cer']);
  });

  it('refuses what contains no certificate', async () => {
    expect(() => TrustStore.fromCertificates('no certificate')).toThrow('No certificate in given: expected PEM or DER');
    expect(() => TrustStore.fromCertificates(Buffer.from('junk'))).toThrow('Malformed certificate in given');
    const empty = await mkdtemp(join(folder, 'empty-'));
    await expect(TrustStore.fromFolder(empty)).rejects.toThrow('No certificates in');
  });
});

describe('trusted lists', () => {
  it('trusts a granted authority for seals', async () => {
    const trust = await loadTrustedList(list(service(root)), { signers: operator.pem });
    expect(trust.anchors).toMatchObject([{ name: 'Provider: CA for seals', purposes: ['signing'] }]);
    const report = await verifyDocument(signCms({ signer: seal, content: Buffer.from('x'), attached: true }), {
      trust,
    });
    expect(report).toMatchObject({ verdict: 'valid', signatures: [{ chain: { anchor: 'Provider: CA for seals' } }] });
  });

  it('trusts a withdrawn authority only for the time in which it was granted', async () => {
    const history = instance({ status: GRANTED, since: '2015-01-01T00:00:00Z' });
    const withdrawn = service(root, { status: WITHDRAWN, since: '2022-01-01T00:00:00Z', history });
    const trust = await loadTrustedList(list(withdrawn), { signers: operator.pem });
    const signed = signCms({ signer: seal, content: Buffer.from('x'), attached: true });
    const at = (time: string) => verifyDocument(signed, { trust, at: new Date(time) });
    expect((await at('2021-06-01T00:00:00Z')).verdict).toBe('valid');
    expect((await at('2022-06-01T00:00:00Z')).verdict).toBe('valid-but-untrusted');
  });

  it('trusts timestamp authorities for timestamps only', async () => {
    const stamps = service(root, { type: `${SERVICE}/Svctype/TSA/QTST`, extension: '' });
    const trust = await loadTrustedList(list(stamps), { signers: operator.pem });
    expect(trust.anchors).toMatchObject([{ purposes: ['timestamping'] }]);
    const report = await verifyDocument(signCms({ signer: seal, content: Buffer.from('x'), attached: true }), {
      trust,
    });
    expect(report.verdict).toBe('valid-but-untrusted');
  });

  it.each([
    ['for signatures only', { extension: `${SERVICE}/TrustedList/SvcInfoExt/ForeSignatures` }],
    ['of another type', { type: `${SERVICE}/Svctype/CA/PKC` }],
    ['that was never granted', { status: WITHDRAWN }],
  ])('leaves out services %s', async (_, options) => {
    expect((await loadTrustedList(list(service(root, options)), { signers: operator.pem })).anchors).toEqual([]);
  });

  it('refuses a list that was changed, is unsigned, or is signed by someone else', async () => {
    const signed = list(service(root));
    const changed = Buffer.from(signed.toString().replace('CA for seals', 'CA for deals'));
    await expect(loadTrustedList(changed, { signers: operator.pem })).rejects.toThrow(
      'was changed after it was signed',
    );
    const unsigned = Buffer.from(plainList(service(root)));
    await expect(loadTrustedList(unsigned, { signers: operator.pem })).rejects.toThrow('The document is not signed');
    await expect(loadTrustedList(signed, { signers: seal.pem })).rejects.toThrow('Trusted list refused');
    await expect(loadTrustedList(changed, { signers: 'any' })).rejects.toThrow('Trusted list refused');
    expect((await loadTrustedList(signed, { signers: 'any' })).anchors).toHaveLength(1);
  });

  it('refuses a certificate that a pinned authority issued, but is not pinned itself', async () => {
    const signed = Buffer.from(signXml(plainList(service(root)), { signer: seal }));
    await expect(loadTrustedList(signed, { signers: root.pem })).rejects.toThrow('signed by another certificate');
  });

  it('refuses an outdated list unless allowed', async () => {
    const options = { signers: operator.pem, now: new Date('2035-01-01T00:00:00Z') };
    await expect(loadTrustedList(list(service(root)), options)).rejects.toThrow('Outdated trusted list');
    expect((await loadTrustedList(list(service(root)), { ...options, allowOutdated: true })).anchors).toHaveLength(1);
  });

  it('refuses other XML', async () => {
    const other = Buffer.from(signXml('<a></a>', { signer: operator }));
    await expect(loadTrustedList(other, { signers: operator.pem })).rejects.toThrow(
      'expected a TrustServiceStatusList',
    );
  });
});

interface ServiceOptions {
  type?: string;
  status?: string;
  since?: string;
  extension?: string;
  history?: string;
}

function list(services: string): Buffer {
  return Buffer.from(signXml(plainList(services), { signer: operator }));
}

function plainList(services: string): string {
  return `<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#" Id="tsl">
    <SchemeInformation><NextUpdate><dateTime>2034-01-01T00:00:00Z</dateTime></NextUpdate></SchemeInformation>
    <TrustServiceProviderList><TrustServiceProvider>
      <TSPInformation><TSPName><Name xml:lang="en">Provider</Name></TSPName></TSPInformation>
      <TSPServices>${services}</TSPServices>
    </TrustServiceProvider></TrustServiceProviderList></TrustServiceStatusList>`;
}

function service({ der }: Identity, options: ServiceOptions = {}): string {
  const identity = `<ServiceDigitalIdentity><DigitalId><X509Certificate>${der.toString('base64')}</X509Certificate></DigitalId></ServiceDigitalIdentity>`;
  const content = `<ServiceName><Name xml:lang="en">CA for seals</Name></ServiceName>${identity}${fields(options)}`;
  return `<TSPService><ServiceInformation>${content}</ServiceInformation><ServiceHistory>${options.history ?? ''}</ServiceHistory></TSPService>`;
}

function instance(options: ServiceOptions): string {
  return `<ServiceHistoryInstance>${fields(options)}</ServiceHistoryInstance>`;
}

function fields({
  type = `${SERVICE}/Svctype/CA/QC`,
  status = GRANTED,
  since = '2016-07-01T00:00:00Z',
  extension = FOR_SEALS,
}: ServiceOptions) {
  return `<ServiceTypeIdentifier>${type}</ServiceTypeIdentifier><ServiceStatus>${status}</ServiceStatus>
    <StatusStartingTime>${since}</StatusStartingTime><ServiceInformationExtensions><Extension Critical="true">
    <AdditionalServiceInformation><URI>${extension}</URI></AdditionalServiceInformation></Extension></ServiceInformationExtensions>`;
}
