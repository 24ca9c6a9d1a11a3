import type { XmlElement } from 'libxml2-wasm';
import type { VerificationReport } from '../report.ts';
import { type DocumentInput, openSource } from '../source.ts';
import { verifyDocument } from '../verify-document.ts';
import { tryParseCertificate } from './certificate.ts';
import { type GrantedPeriod, readCertificates, type TrustAnchor, TrustStore } from './trust.ts';

/** Identifiers of ETSI TS 119 612, 5.5.1, 5.5.4 and 5.5.9.4. */
const URI = {
  list: 'http://uri.etsi.org/02231/v2#',
  caQc: 'http://uri.etsi.org/TrstSvc/Svctype/CA/QC',
  timestamps: 'http://uri.etsi.org/TrstSvc/Svctype/TSA/QTST',
  forSeals: 'http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/ForeSeals',
  granted: 'http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted',
};
const NAMESPACES = { tsl: URI.list };
const MAX_LIST_BYTES = 64 * 1024 * 1024;

/** How a trusted list is to be accepted. */
export interface TrustedListOptions {
  /**
   * Certificates (PEM or DER) one of which must have signed the list: those that the European list of trusted lists
   * names for the country. `any` accepts every intact list, so that whoever can replace the file decides who is trusted.
   */
  signers: string | Uint8Array | readonly (string | Uint8Array)[] | 'any';
  /** Accept a list whose next update is overdue. Default false. */
  allowOutdated?: boolean;
  /** The current time. Default: the clock. */
  now?: Date;
}

/**
 * Trusts the authorities of an EU trusted list (ETSI TS 119 612) that was downloaded before: services of type CA/QC for
 * electronic seals, and qualified timestamps, in the periods in which they were granted.
 * @throws {TypeError} If the list is malformed, outdated, or not signed by one of `signers`.
 */
export async function loadTrustedList(list: DocumentInput, options: TrustedListOptions): Promise<TrustStore> {
  const source = await openSource(list);
  let bytes: Buffer;
  try {
    if (source.size > MAX_LIST_BYTES) throw new TypeError('Invalid trusted list: it is larger than 64 MiB');
    bytes = Buffer.from(await source.read(0, source.size));
  } finally {
    await source.close();
  }
  const now = options.now ?? new Date();
  await checkSignature(bytes, options, now);

  const { parseXml } = await import('../xml/references.ts');
  const document = parseXml(bytes);
  try {
    if (document.root.name !== 'TrustServiceStatusList' || document.root.namespaceUri !== URI.list) {
      throw new TypeError('Invalid trusted list: expected a TrustServiceStatusList of ETSI TS 119 612');
    }
    const nextUpdate = text(document.root, 'tsl:SchemeInformation/tsl:NextUpdate/tsl:dateTime');
    if (!options.allowOutdated && nextUpdate && new Date(nextUpdate) < now) {
      throw new TypeError(`Outdated trusted list: its next update was due on ${nextUpdate}. Download it again`);
    }
    const providers = document.root.find('tsl:TrustServiceProviderList/tsl:TrustServiceProvider', NAMESPACES);
    return new TrustStore((providers as XmlElement[]).flatMap(readProvider));
  } finally {
    document.dispose();
  }
}

async function checkSignature(bytes: Buffer, { signers }: TrustedListOptions, now: Date): Promise<void> {
  const pinned = signers === 'any' ? [] : [signers].flat();
  const certificates = pinned.flatMap((input) => readCertificates(input, 'signers'));
  const report = await verifyDocument(bytes, {
    trust: signers === 'any' ? new TrustStore([]) : TrustStore.fromCertificates(pinned),
    now,
  });
  const [signature] = report.signatures;
  const accepted: VerificationReport['verdict'][] = signers === 'any' ? ['valid', 'valid-but-untrusted'] : ['valid'];
  if (report.format !== 'xml' || report.signatures.length !== 1 || !accepted.includes(report.verdict)) {
    const why = report.reasons.map(({ message }) => message).join(' ');
    throw new TypeError(`Trusted list refused: expected one intact signature of a given signer. ${why}`.trim());
  }
  // Pinned is the signer, not an authority that could have issued other certificates.
  if (signers !== 'any' && !certificates.some(({ fingerprint }) => fingerprint === signature?.signer?.fingerprint)) {
    throw new TypeError('Trusted list refused: it is signed by another certificate than the given signers');
  }
}

function readProvider(provider: XmlElement): TrustAnchor[] {
  const providerName = englishText(provider, 'tsl:TSPInformation/tsl:TSPName/tsl:Name') ?? 'unknown provider';
  const services = provider.find('tsl:TSPServices/tsl:TSPService', NAMESPACES) as XmlElement[];
  return services.flatMap((service) => readService(service, providerName));
}

function readService(service: XmlElement, providerName: string): TrustAnchor[] {
  const current = service.get('tsl:ServiceInformation', NAMESPACES) as XmlElement | null;
  if (!current) return [];
  const type = text(current, 'tsl:ServiceTypeIdentifier');
  if (type !== URI.caQc && type !== URI.timestamps) return [];
  const history = service.find('tsl:ServiceHistory/tsl:ServiceHistoryInstance', NAMESPACES) as XmlElement[];
  const granted = readGranted([current, ...history], type);
  if (granted.length === 0) return [];
  const name = `${providerName}: ${englishText(current, 'tsl:ServiceName/tsl:Name') ?? 'unnamed service'}`;
  const identities = current.find('tsl:ServiceDigitalIdentity/tsl:DigitalId/tsl:X509Certificate', NAMESPACES);
  return identities
    .map(({ content }) => tryParseCertificate(Buffer.from(content, 'base64')))
    .filter((certificate) => certificate !== undefined)
    .map((certificate) => ({
      certificate,
      name,
      purposes: [type === URI.timestamps ? 'timestamping' : 'signing'] as const,
      granted,
    }));
}

/** Periods in which the service was granted for seals. Each status holds until the next one starts. */
function readGranted(instances: readonly XmlElement[], type: string): GrantedPeriod[] {
  const statuses = instances
    .map((instance) => ({
      from: new Date(text(instance, 'tsl:StatusStartingTime') ?? ''),
      granted: isGranted(instance, type),
    }))
    .filter(({ from }) => !Number.isNaN(from.getTime()))
    .sort((a, b) => a.from.getTime() - b.from.getTime());
  return statuses.flatMap(({ from, granted }, index) => {
    const to = statuses[index + 1]?.from;
    return granted ? [{ from, ...(to && { to }) }] : [];
  });
}

function isGranted(instance: XmlElement, type: string): boolean {
  if (text(instance, 'tsl:ServiceStatus') !== URI.granted) return false;
  if (text(instance, 'tsl:ServiceTypeIdentifier') !== type) return false;
  return type === URI.timestamps || isForSeals(instance);
}

function isForSeals(instance: XmlElement): boolean {
  const uris = instance.find(
    'tsl:ServiceInformationExtensions/tsl:Extension/tsl:AdditionalServiceInformation/tsl:URI',
    NAMESPACES,
  );
  return uris.some(({ content }) => content.trim() === URI.forSeals);
}

/** Names come in several languages, English among them (TS 119 612, 5.1.4). */
function englishText(element: XmlElement, path: string): string | undefined {
  return text(element, `${path}[lang("en")]`) ?? text(element, path);
}

function text(element: XmlElement, path: string): string | undefined {
  return element.get(path, NAMESPACES)?.content.trim();
}
