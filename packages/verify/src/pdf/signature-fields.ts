import { VerificationProblem } from '../report.ts';
import { type ByteSource, readChunks } from '../source.ts';
import { PdfDict, PdfRef, PdfStream, PdfString, type PdfValue } from './objects.ts';
import { malformed, parseAt } from './parser.ts';
import type { Revision } from './revision.ts';

const MAX_FIELDS = 100_000;
const MAX_CANDIDATES = 10_000;

/** A field of the interactive form (ISO 32000-2, 12.7.4) with the attributes it inherits. */
export interface FormField {
  /** Fully qualified. */
  name: string;
  /** Object number; a field that is written inside its parent has none. */
  number: number | undefined;
  type: string | undefined;
  dict: PdfDict;
  value: PdfValue | undefined;
}

export interface SignatureDictionary {
  field: string;
  dict: PdfDict;
  /** The object that the dictionary is in: itself, or the field that contains it. */
  number: number;
}

/** All fields of the form, parents before children. */
export async function readFormFields(revision: Revision): Promise<FormField[]> {
  const form = await revision.dict((await revision.catalog()).get('AcroForm'));
  const fields: FormField[] = [];
  const seen = new Set<number>();
  const visit = async (value: PdfValue, parent: FormField | undefined): Promise<void> => {
    const number = value instanceof PdfRef ? value.number : undefined;
    if (number !== undefined) {
      if (seen.has(number)) return;
      seen.add(number);
    }
    const dict = await revision.dict(value);
    if (!dict) return;
    if (fields.length >= MAX_FIELDS) {
      throw new VerificationProblem('indeterminate', 'limit-exceeded', 'The form of the PDF has too many fields.');
    }
    const partial = await revision.resolve(dict.get('T'));
    const names = [parent?.name, partial instanceof PdfString ? partial.text : undefined];
    const field: FormField = {
      name: names.filter((name) => name).join('.'),
      number,
      type: dict.name('FT') ?? parent?.type,
      dict,
      value: dict.get('V') ?? parent?.value,
    };
    fields.push(field);
    for (const kid of await revision.array(dict.get('Kids'))) await visit(kid, field);
  };
  for (const field of await revision.array(form?.get('Fields'))) await visit(field, undefined);
  return fields;
}

/** The signature dictionaries that signature fields hold. */
export async function readSignatures(revision: Revision): Promise<SignatureDictionary[]> {
  const found = new Map<PdfDict, SignatureDictionary>();
  for (const { name, number, type, dict: field } of await readFormFields(revision)) {
    if (type !== 'Sig') continue;
    const value = field.get('V');
    if (value === undefined || value === null) continue;
    const dict = await revision.resolve(value);
    if (dict === null) continue;
    const holder = value instanceof PdfRef ? value.number : number;
    if (!(dict instanceof PdfDict) || holder === undefined) {
      throw malformed(`The signature field "${name}" does not hold a signature.`);
    }
    if (!found.has(dict)) found.set(dict, { field: name, dict, number: holder });
  }
  return [...found.values()];
}

/**
 * Positions of `/ByteRange` that belong to no known signature dictionary and are not inside a stream, such as an
 * attachment. A signature that was taken out of its field leaves one behind.
 */
export async function findUnreferencedSignatures(
  source: ByteSource,
  revision: Revision,
  known: readonly SignatureDictionary[],
  signal?: AbortSignal,
): Promise<number[]> {
  const candidates = await findAll(source, '/ByteRange', signal);
  const knownOffsets = new Set(known.map(({ number }) => offsetOf(revision, number)));
  const offsets = candidates.length > 0 ? objectOffsets(revision) : [];
  const unreferenced: number[] = [];
  for (const candidate of candidates) {
    const start = offsets.findLast((offset) => offset <= candidate);
    if (start === undefined || knownOffsets.has(start) || (await isInStream(revision, start, candidate))) continue;
    unreferenced.push(candidate);
  }
  return unreferenced;
}

function offsetOf(revision: Revision, number: number): number | undefined {
  const entry = revision.entry(number);
  return entry?.kind === 'offset' ? entry.offset : undefined;
}

/** Where objects of any revision start, in order. */
function objectOffsets({ sections }: Revision): number[] {
  const offsets = new Set<number>();
  for (const { entries } of sections) {
    for (const entry of entries.values()) if (entry.kind === 'offset') offsets.add(entry.offset);
  }
  return [...offsets].sort((a, b) => a - b);
}

async function isInStream(revision: Revision, objectOffset: number, position: number): Promise<boolean> {
  const { value } = await parseAt(revision.source, objectOffset, (parser) => parser.indirectObject());
  if (!(value instanceof PdfStream)) return false;
  const length = await revision.resolve(value.dict.get('Length'));
  return typeof length === 'number' && position >= value.start && position < value.start + length;
}

/** Every position of an ASCII text. */
export async function findAll(source: ByteSource, text: string, signal?: AbortSignal): Promise<number[]> {
  const needle = Buffer.from(text, 'latin1');
  const found: number[] = [];
  const overlap = needle.length - 1;
  let position = 0;
  let rest: Buffer = Buffer.alloc(0);
  const search = (bytes: Buffer, base: number) => {
    for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1)) found.push(base + at);
    if (found.length > MAX_CANDIDATES) {
      throw new VerificationProblem('indeterminate', 'limit-exceeded', 'The PDF has too many signature candidates.');
    }
  };
  for await (const chunk of readChunks(source, 0, source.size, signal)) {
    search(Buffer.concat([rest, chunk.subarray(0, overlap)]), position - rest.length);
    search(chunk, position);
    position += chunk.length;
    rest = Buffer.from(chunk.subarray(Math.max(0, chunk.length - overlap)));
  }
  return found;
}

/** The level of changes that a certification signature allows (12.8.2.2), if the signature is one. */
export async function certificationLevel(revision: Revision, signature: PdfDict): Promise<number | undefined> {
  for (const item of await revision.array(signature.get('Reference'))) {
    const reference = await revision.dict(item);
    if (reference?.name('TransformMethod') !== 'DocMDP') continue;
    const parameters = await revision.dict(reference.get('TransformParams'));
    const level = await revision.resolve(parameters?.get('P'));
    return typeof level === 'number' ? level : 2;
  }
  return undefined;
}

/** The `/M` of a signature: `D:YYYYMMDDHHmmSSOHH'mm'` (ISO 32000-2, 7.9.4). */
export function readSigningTime(signature: PdfDict): Date | undefined {
  const value = signature.get('M');
  if (!(value instanceof PdfString)) return undefined;
  const match = /^D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:(Z)|([+-])(\d\d)'?(\d\d)?)?/.exec(value.text);
  if (!match) return undefined;
  const part = (index: number, fallback: number) => Number(match[index] ?? fallback);
  const utc = Date.UTC(part(1, 0), part(2, 1) - 1, part(3, 1), part(4, 0), part(5, 0), part(6, 0));
  const offset = (part(9, 0) * 60 + part(10, 0)) * 60_000;
  return new Date(utc - (match[8] === '-' ? -offset : offset));
}
