import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTrustedList, TrustStore, verifyDocument } from '../src/index.ts';
import { type Identity, issue, issuePair } from './support/authority.ts';
import { signCms } from './support/cms.ts';
import { signXml } from './support/xml.ts';

const SERVICE = 'http://uri.etsi.org/TrstSvc';
const CA_QC = `${SERVICE}/Svctype/CA/QC`;
const GRANTED = `${SERVICE}/TrustedList/Svcstatus/granted`;
const WITHDRAWN = `${SERVICE}/TrustedList/Svcstatus/withdrawn`;
const FOR_SEALS = `${SERVICE}/TrustedList/SvcInfoExt/ForeSeals`;
const FOR_SIGNATURES = `${SERVICE}/TrustedList/SvcInfoExt/ForeSignatures`;

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

  it('follows a service through several states', async () => {
    const states: [status: string, since: string, extension?: string][] = [
      // Before eIDAS: no qualified seals.
      [`${SERVICE}/TrustedList/Svcstatus/undersupervision`, '2012-01-01T00:00:00Z', ''],
      [GRANTED, '2016-06-30T22:00:00Z', FOR_SIGNATURES],
      [GRANTED, '2020-01-01T00:00:00Z', `${FOR_SIGNATURES} ${FOR_SEALS}`],
      [WITHDRAWN, '2021-01-01T00:00:00Z', FOR_SEALS],
    ];
    const history = states
      .toReversed()
      .map(([status, since, extension = FOR_SEALS]) => instance({ status, since, extension }))
      .join('');
    const current = service(root, { status: GRANTED, since: '2023-01-01T00:00:00Z', history });
    const trust = await loadTrustedList(list(current), { signers: operator.pem });
    expect(trust.anchors.map(({ granted }) => granted)).toEqual([
      [
        { from: new Date('2020-01-01T00:00:00Z'), to: new Date('2021-01-01T00:00:00Z') },
        { from: new Date('2023-01-01T00:00:00Z') },
      ],
    ]);
    const signed = signCms({ signer: seal, content: Buffer.from('x'), attached: true });
    const at = async (time: string) => (await verifyDocument(signed, { trust, at: new Date(time) })).verdict;
    expect(await at('2020-06-01T00:00:00Z')).toBe('valid');
    expect(await at('2022-06-01T00:00:00Z')).toBe('valid-but-untrusted');
    expect(await at('2024-06-01T00:00:00Z')).toBe('valid');
  });

  it('does not take a state of another type of service for one of seals', async () => {
    const history = instance({ type: `${SERVICE}/Svctype/CA/PKC`, since: '2018-01-01T00:00:00Z' });
    const current = service(root, { since: '2023-01-01T00:00:00Z', history });
    const trust = await loadTrustedList(list(current), { signers: operator.pem });
    expect(trust.anchors).toMatchObject([{ granted: [{ from: new Date('2023-01-01T00:00:00Z') }] }]);
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
    ['for signatures only', { extension: FOR_SIGNATURES }],
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

/** With the elements of a national list, in the order and the namespaces of TS 119 612. */
function plainList(services: string): string {
  const address = `<tsl:PostalAddresses><tsl:PostalAddress xml:lang="en"><tsl:StreetAddress>Street 1</tsl:StreetAddress>
    <tsl:Locality>Lisboa</tsl:Locality><tsl:CountryName>PT</tsl:CountryName></tsl:PostalAddress></tsl:PostalAddresses>
    <tsl:ElectronicAddress><tsl:URI xml:lang="en">mailto:tsl@example.com</tsl:URI></tsl:ElectronicAddress>`;
  const pointer = `<tsl:OtherTSLPointer><tsl:ServiceDigitalIdentities>${identity(seal)}</tsl:ServiceDigitalIdentities>
    <tsl:TSLLocation>https://example.com/lotl.xml</tsl:TSLLocation></tsl:OtherTSLPointer>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
    <tsl:TrustServiceStatusList xmlns:tsl="http://uri.etsi.org/02231/v2#" Id="tsl" TSLTag="http://uri.etsi.org/19612/TSLTag">
    <tsl:SchemeInformation><tsl:TSLVersionIdentifier>5</tsl:TSLVersionIdentifier>
      <tsl:TSLSequenceNumber>42</tsl:TSLSequenceNumber><tsl:TSLType>${SERVICE}/TrustedList/TSLType/EUgeneric</tsl:TSLType>
      ${named('SchemeOperatorName', 'Operator')}<tsl:SchemeOperatorAddress>${address}</tsl:SchemeOperatorAddress>
      ${named('SchemeName', 'PT:Trusted list')}
      <tsl:StatusDeterminationApproach>${SERVICE}/TrustedList/StatusDetn/EUappropriate</tsl:StatusDeterminationApproach>
      <tsl:SchemeTerritory>PT</tsl:SchemeTerritory>
      <tsl:HistoricalInformationPeriod>65535</tsl:HistoricalInformationPeriod>
      <tsl:PointersToOtherTSL>${pointer}</tsl:PointersToOtherTSL>
      <tsl:ListIssueDateTime>2026-01-01T00:00:00Z</tsl:ListIssueDateTime>
      <tsl:NextUpdate><tsl:dateTime>2034-01-01T00:00:00Z</tsl:dateTime></tsl:NextUpdate></tsl:SchemeInformation>
    <tsl:TrustServiceProviderList><tsl:TrustServiceProvider>
      <tsl:TSPInformation>${named('TSPName', 'Provider')}${named('TSPTradeName', 'VATPT-999999990')}
        <tsl:TSPAddress>${address}</tsl:TSPAddress></tsl:TSPInformation>
      <tsl:TSPServices>${services}</tsl:TSPServices>
    </tsl:TrustServiceProvider></tsl:TrustServiceProviderList></tsl:TrustServiceStatusList>`;
}

function named(element: string, name: string): string {
  const names = `<tsl:Name xml:lang="pt">${name} (pt)</tsl:Name><tsl:Name xml:lang="en">${name}</tsl:Name>`;
  return `<tsl:${element}>${names}</tsl:${element}>`;
}

function identity({ der }: Identity): string {
  return `<tsl:ServiceDigitalIdentity><tsl:DigitalId><tsl:X509Certificate>${der.toString('base64')}</tsl:X509Certificate></tsl:DigitalId>
    <tsl:DigitalId><tsl:X509SubjectName>CN=Service</tsl:X509SubjectName></tsl:DigitalId></tsl:ServiceDigitalIdentity>`;
}

function service(certificate: Identity, options: ServiceOptions = {}): string {
  const history = options.history && `<tsl:ServiceHistory>${options.history}</tsl:ServiceHistory>`;
  const information = fields(options, identity(certificate));
  return `<tsl:TSPService><tsl:ServiceInformation>${information}</tsl:ServiceInformation>${history ?? ''}</tsl:TSPService>`;
}

/** An earlier state of a service, which names its key only. */
function instance(options: ServiceOptions): string {
  const key =
    '<tsl:ServiceDigitalIdentity><tsl:DigitalId><tsl:X509SKI>AAAA</tsl:X509SKI></tsl:DigitalId></tsl:ServiceDigitalIdentity>';
  return `<tsl:ServiceHistoryInstance>${fields(options, key)}</tsl:ServiceHistoryInstance>`;
}

function fields(
  { type = CA_QC, status = GRANTED, since = '2016-06-30T22:00:00Z', extension = FOR_SEALS }: ServiceOptions,
  digitalIdentity: string,
): string {
  const qualifications = `<tsl:Extension Critical="true"><ecc:Qualifications
    xmlns:ecc="${SERVICE}/SvcInfoExt/eSigDir-1999-93-EC-TrustedList/#"/></tsl:Extension>`;
  const additional = extension
    .split(' ')
    .map(
      (uri) =>
        `<tsl:Extension Critical="true"><tsl:AdditionalServiceInformation><tsl:URI xml:lang="en">${uri}</tsl:URI></tsl:AdditionalServiceInformation></tsl:Extension>`,
    );
  const extensions = `<tsl:ServiceInformationExtensions>${qualifications}${additional.join('')}</tsl:ServiceInformationExtensions>`;
  return `<tsl:ServiceTypeIdentifier>${type}</tsl:ServiceTypeIdentifier>${named('ServiceName', 'CA for seals')}${digitalIdentity}
    <tsl:ServiceStatus>${status}</tsl:ServiceStatus><tsl:StatusStartingTime>${since}</tsl:StatusStartingTime>
    ${extension ? extensions : ''}`;
}
