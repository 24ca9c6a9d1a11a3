import { type Certificate, tryParseCertificate } from '../certificates/certificate.ts';
import type { RevocationData } from '../certificates/revocation.ts';
import type { ChangeSet } from './change-set.ts';
import { isSimple, PdfArray, PdfDict, PdfRef, PdfStream, type PdfValue, sameValue } from './objects.ts';
import type { Revision } from './revision.ts';

const DSS_STREAM_KEYS = new Set(['Length', 'Filter', 'Type', 'DecodeParms']);

/** From the DSS over its VRI, the entry of a signature and a list to the /Length of a stream. */
const MAX_DEPTH = 5;

/** The validation data of the document (ISO 32000-2, 12.8.4.3). */
export interface ValidationData extends RevocationData {
  certificates: Certificate[];
  present: boolean;
}

export async function readValidationData(revision: Revision): Promise<ValidationData> {
  const dss = await revision.dict((await revision.catalog()).get('DSS'));
  if (!dss) return { certificates: [], ocsps: [], crls: [], present: false };
  const perSignature: PdfDict[] = [];
  for (const item of (await revision.dict(dss.get('VRI')))?.entries.values() ?? []) {
    const entry = await revision.dict(item);
    if (entry) perSignature.push(entry);
  }
  // What a VRI entry refers to should be in the lists of the DSS, too; some writers leave it out there.
  const streams = async (key: string, ownKey: string): Promise<Buffer[]> => {
    const found = new Map<number, Buffer>();
    for (const list of [dss.get(key), ...perSignature.map((entry) => entry.get(ownKey))]) {
      for (const item of await revision.array(list)) {
        const stream = await revision.resolve(item);
        if (!(stream instanceof PdfStream) || found.has(stream.number)) continue;
        found.set(stream.number, await revision.streamData(stream));
      }
    }
    return [...found.values()];
  };
  const certificates = await streams('Certs', 'Cert');
  const [ocsps, crls] = [await streams('OCSPs', 'OCSP'), await streams('CRLs', 'CRL')];
  return {
    certificates: certificates.map(tryParseCertificate).filter((entry) => entry !== undefined),
    ocsps,
    crls,
    present: certificates.length > 0 && ocsps.length + crls.length > 0,
  };
}

/** Explains objects that are nothing but validation data. */
export async function compareDss(set: ChangeSet, before: PdfDict, after: PdfDict): Promise<void> {
  const value = after.get('DSS');
  if (value === undefined) {
    if (before.get('DSS') !== undefined) set.other('The validation data (DSS) was removed.');
    return;
  }
  const own = new Set<number>();
  await collectReachable(set.signed, before.get('DSS'), own, 0);
  const explained: number[] = [];
  const visit = async (item: PdfValue | undefined, depth: number): Promise<boolean> => {
    if (depth > MAX_DEPTH) return false;
    if (item instanceof PdfRef) {
      if (!set.isChanged(item.number)) return true;
      if (set.replaced.has(item.number) && !own.has(item.number)) return false;
      if (explained.includes(item.number)) return true;
      explained.push(item.number);
      return visit(await set.current.object(item.number), depth);
    }
    if (item instanceof PdfStream) {
      if (![...item.dict.entries.keys()].every((key) => DSS_STREAM_KEYS.has(key))) return false;
      if (!(await visit(item.dict.get('Length'), depth + 1))) return false;
      // DER starts with a SEQUENCE: a stream that page content could use does not.
      return (await set.current.streamData(item))[0] === 0x30;
    }
    if (item instanceof PdfArray) {
      for (const entry of item.items) if (!(await visit(entry, depth + 1))) return false;
      return true;
    }
    if (item instanceof PdfDict) {
      for (const entry of item.entries.values()) if (!(await visit(entry, depth + 1))) return false;
      return true;
    }
    return isSimple(item ?? null);
  };
  if (!(await visit(value, 0))) {
    set.other('The validation data (DSS) contains something else.');
    return;
  }
  for (const number of explained) set.explained.add(number);
  if (explained.length > 0 || !sameValue(before.get('DSS'), value)) {
    set.add('validation-data', 'Validation data (DSS) was added.');
  }
}

async function collectReachable(
  revision: Revision,
  value: PdfValue | undefined,
  found: Set<number>,
  depth: number,
): Promise<void> {
  if (depth > 10) return;
  if (value instanceof PdfRef) {
    if (found.has(value.number)) return;
    found.add(value.number);
    await collectReachable(revision, await revision.object(value.number), found, depth + 1);
  } else if (value instanceof PdfArray) {
    for (const item of value.items) await collectReachable(revision, item, found, depth + 1);
  } else if (value instanceof PdfDict) {
    for (const item of value.entries.values()) await collectReachable(revision, item, found, depth + 1);
  }
}
