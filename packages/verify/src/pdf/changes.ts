import type { AppendedChange } from '../report.ts';
import { readChunks } from '../source.ts';
import type { Entry } from './cross-references.ts';
import {
  changedKeys,
  PdfArray,
  PdfDict,
  PdfName,
  PdfRef,
  PdfStream,
  PdfString,
  type PdfValue,
  sameValue,
} from './objects.ts';
import type { Revision } from './revision.ts';
import { type FormField, readFormFields } from './signature-fields.ts';

/** Keys of a signature widget that may be set when its field is signed. */
const SIGNED_FIELD_KEYS = new Set(['V', 'AP', 'AS', 'F', 'M', 'MK', 'DA', 'P', 'Type', 'Subtype', 'Ff', 'SigFlags']);
const NEW_FIELD_KEYS = new Set([
  ...SIGNED_FIELD_KEYS,
  ...['FT', 'T', 'TU', 'Rect', 'NM', 'Lock', 'SV', 'BS', 'Border', 'H', 'Q', 'DR'],
]);
const FILLED_FIELD_KEYS = new Set(['V', 'AP', 'AS', 'M', 'MK']);
const DSS_STREAM_KEYS = new Set(['Length', 'Filter', 'Type', 'DecodeParms']);
const MAX_REPORTED = 20;

/**
 * Compares the signed revision with the document as it is now. Every object that an update replaces or adds must be
 * explained by a change that leaves the signed content as it was; whatever is left over is reported as `other`.
 */
export async function findChanges(
  signed: Revision,
  current: Revision,
  signedEnd: number,
  certification: number | undefined,
  signal?: AbortSignal,
): Promise<AppendedChange[]> {
  const comparison = new Comparison(signed, current, signedEnd, certification);
  return comparison.run(signal);
}

class Comparison {
  readonly #signed: Revision;
  readonly #current: Revision;
  readonly #signedEnd: number;
  readonly #certification: number | undefined;
  readonly #changes: AppendedChange[] = [];
  /** Objects of the signed revision that are different now. */
  readonly #replaced = new Set<number>();
  readonly #added = new Set<number>();
  readonly #explained = new Set<number>();
  /** Widgets of new signatures, which may be added to the annotations of a page. */
  readonly #newWidgets = new Set<number>();

  constructor(signed: Revision, current: Revision, signedEnd: number, certification: number | undefined) {
    this.#signed = signed;
    this.#current = current;
    this.#signedEnd = signedEnd;
    this.#certification = certification;
  }

  async run(signal?: AbortSignal): Promise<AppendedChange[]> {
    if (!this.#continuesSigned()) {
      this.#other('The newest revision does not continue the signed one.');
      return this.#changes;
    }
    this.#collect();
    await this.#explainContainers();
    await this.#compareTrailers();
    const [before, after] = [await this.#signed.catalog(), await this.#current.catalog()];
    await this.#compareCatalogs(before, after);
    await this.#comparePages();
    await this.#checkDangling(signal);
    for (const number of [...this.#replaced, ...this.#added]) {
      if (!this.#explained.has(number)) {
        this.#other(`Object ${number} was ${this.#replaced.has(number) ? 'replaced' : 'added'} after the signature.`);
      }
    }
    return this.#changes;
  }

  #add(kind: AppendedChange['kind'], detail: string, allowed = true): void {
    if (this.#changes.length < MAX_REPORTED || !allowed) {
      if (this.#changes.length < 2 * MAX_REPORTED) this.#changes.push({ kind, allowed, detail });
    }
  }

  #other(detail: string): void {
    this.#add('other', detail, false);
  }

  /** The newest sections must follow the signed ones, and only speak of bytes that follow them, too. */
  #continuesSigned(): boolean {
    const newest = this.#current.sections;
    const first = newest.findIndex(({ offset }) => offset === this.#signed.sections[0]!.offset);
    if (first < 0 || newest.length - first !== this.#signed.sections.length) return false;
    return newest.slice(0, first).every(({ offset, entries }) => {
      if (offset < this.#signedEnd) return false;
      for (const [number, entry] of entries) {
        if (entry.kind !== 'offset' || entry.offset >= this.#signedEnd) continue;
        if (!sameEntry(entry, this.#signed.entry(number))) return false;
      }
      return true;
    });
  }

  #collect(): void {
    const newer = this.#current.sections.length - this.#signed.sections.length;
    for (const { entries } of this.#current.sections.slice(0, newer)) {
      for (const number of entries.keys()) {
        const before = this.#signed.entry(number);
        const now = this.#current.entry(number);
        if (sameEntry(now, before)) continue;
        if (before) this.#replaced.add(number);
        else if (now) this.#added.add(number);
      }
    }
  }

  /** Cross-reference and object streams are the packaging of the update, and an object may be written again as it was. */
  async #explainContainers(): Promise<void> {
    for (const number of this.#added) {
      const value = await this.#current.object(number);
      const type = value instanceof PdfStream ? value.dict.name('Type') : undefined;
      if (type === 'XRef' || type === 'ObjStm') this.#explained.add(number);
    }
    for (const number of this.#replaced) {
      if (sameValue(await this.#signed.object(number), await this.#current.object(number))) this.#explained.add(number);
    }
  }

  async #compareTrailers(): Promise<void> {
    const [before, after] = [this.#signed.trailer, this.#current.trailer];
    for (const key of ['Root', 'Encrypt']) {
      if (!sameValue(before.get(key), after.get(key))) this.#other(`The trailer has another /${key}.`);
    }
    const info = after.get('Info');
    if (info instanceof PdfRef && this.#isChanged(info.number)) {
      const value = await this.#current.object(info.number);
      const old = before.get('Info');
      const isOwn = !this.#replaced.has(info.number) || (old instanceof PdfRef && old.number === info.number);
      if (isOwn && value instanceof PdfDict && [...value.entries.values()].every(isSimple)) {
        this.#explained.add(info.number);
        this.#add('metadata', 'The document information was updated.');
      }
    }
  }

  async #compareCatalogs(before: PdfDict, after: PdfDict): Promise<void> {
    const root = this.#current.trailer.get('Root');
    if (root instanceof PdfRef) this.#explained.add(root.number);
    for (const key of changedKeys(before, after)) {
      if (key === 'AcroForm' || key === 'DSS' || key === 'Extensions' || key === 'Version') continue;
      if (key === 'Metadata') continue;
      this.#other(`The document catalog has another /${key}.`);
    }
    await this.#compareExtensions(before, after);
    await this.#compareMetadata(before, after);
    await this.#compareForms(before, after);
    await this.#compareDss(before, after);
  }

  async #compareExtensions(before: PdfDict, after: PdfDict): Promise<void> {
    const extensions = after.get('Extensions');
    if (extensions instanceof PdfRef && this.#isChanged(extensions.number)) {
      const old = before.get('Extensions');
      if (!this.#replaced.has(extensions.number) || (old instanceof PdfRef && old.number === extensions.number)) {
        this.#explained.add(extensions.number);
      }
    }
    const value = await this.#current.resolve(extensions);
    if (value !== null && !(value instanceof PdfDict && isPlainTree(value))) {
      this.#other('The /Extensions of the document catalog are not plain values.');
    }
  }

  async #compareMetadata(before: PdfDict, after: PdfDict): Promise<void> {
    const metadata = after.get('Metadata');
    if (!(metadata instanceof PdfRef)) {
      if (!sameValue(before.get('Metadata'), metadata)) this.#other('The document catalog has another /Metadata.');
      return;
    }
    if (!this.#isChanged(metadata.number)) {
      if (!sameValue(before.get('Metadata'), metadata)) this.#other('The document catalog has another /Metadata.');
      return;
    }
    const value = await this.#current.object(metadata.number);
    const old = before.get('Metadata');
    const isOwn = !this.#replaced.has(metadata.number) || (old instanceof PdfRef && old.number === metadata.number);
    if (isOwn && value instanceof PdfStream && value.dict.name('Type') === 'Metadata') {
      this.#explained.add(metadata.number);
      this.#add('metadata', 'The document metadata was updated.');
    }
  }

  async #compareForms(before: PdfDict, after: PdfDict): Promise<void> {
    const [oldForm, newForm] = [
      await this.#signed.dict(before.get('AcroForm')),
      await this.#current.dict(after.get('AcroForm')),
    ];
    if (!newForm) {
      if (oldForm) this.#other('The form was removed.');
      return;
    }
    this.#explainOwn(before.get('AcroForm'), after.get('AcroForm'));
    for (const key of changedKeys(oldForm ?? new PdfDict(new Map()), newForm)) {
      if (key === 'Fields' || key === 'SigFlags') continue;
      if (key === 'DR' || key === 'DA') {
        if (await this.#onlyAdds(oldForm?.get(key), newForm.get(key))) continue;
      }
      this.#other(`The form has another /${key}.`);
    }
    this.#explainOwn(oldForm?.get('Fields'), newForm.get('Fields'));
    const oldFields = await this.#signed.array(oldForm?.get('Fields'));
    const newFields = await this.#current.array(newForm.get('Fields'));
    if (!oldFields.every((field, index) => sameValue(field, newFields[index]))) {
      this.#other('Fields of the form were removed or reordered.');
    }
    for (const field of newFields.slice(oldFields.length)) await this.#explainNewField(field);
    for (const field of await readFormFields(this.#signed)) await this.#explainFilledField(field);
  }

  async #explainNewField(ref: PdfValue): Promise<void> {
    if (!(ref instanceof PdfRef) || !this.#added.has(ref.number)) {
      this.#other('A field was added that is not a new object.');
      return;
    }
    const field = await this.#current.dict(ref);
    const isSignature = field?.name('FT') === 'Sig' && field.get('V') instanceof PdfRef;
    const unknown = field && [...field.entries.keys()].find((key) => !NEW_FIELD_KEYS.has(key));
    if (!field || !isSignature || unknown) {
      this.#other(`A field was added that is not a plain signature field (object ${ref.number}).`);
      return;
    }
    this.#explained.add(ref.number);
    this.#newWidgets.add(ref.number);
    await this.#explainSignature(field);
  }

  /** The dictionary of a new signature, and how it appears on the page. */
  async #explainSignature(field: PdfDict): Promise<void> {
    const signature = await this.#current.dict(field.get('V'));
    const isTimestamp = signature?.name('SubFilter') === 'ETSI.RFC3161';
    const name = await this.#current.resolve(field.get('T'));
    const label = name instanceof PdfString ? ` "${name.text}"` : '';
    if (!signature?.get('ByteRange')) {
      this.#other(`The new signature field${label} does not hold a signature.`);
      return;
    }
    for (const key of ['V', 'AP', 'MK', 'Lock', 'SV', 'DR', 'BS']) await this.#explainReachable(field.get(key));
    this.#add(
      isTimestamp ? 'timestamp' : 'signature',
      `A ${isTimestamp ? 'document timestamp' : 'signature'}${label} was added.`,
    );
  }

  async #explainFilledField({ number, type, dict: before, name }: FormField): Promise<void> {
    if (number === undefined || !this.#replaced.has(number) || this.#explained.has(number)) return;
    const after = await this.#current.dict(new PdfRef(number, 0));
    if (!after) return;
    const keys = changedKeys(before, after);
    if (type === 'Sig') {
      if (before.get('V') !== undefined || !keys.every((key) => SIGNED_FIELD_KEYS.has(key))) return;
      this.#explained.add(number);
      await this.#explainSignature(after);
      return;
    }
    if (!keys.every((key) => FILLED_FIELD_KEYS.has(key))) return;
    this.#explained.add(number);
    for (const key of ['V', 'AP', 'MK']) await this.#explainReachable(after.get(key));
    // Without a certification that permits it, a value that changed after the signature was not signed.
    const allowed = this.#certification === 2 || this.#certification === 3;
    this.#add('form-fields', `The form field "${name}" was changed.`, allowed);
  }

  async #compareDss(before: PdfDict, after: PdfDict): Promise<void> {
    const value = after.get('DSS');
    if (value === undefined) {
      if (before.get('DSS') !== undefined) this.#other('The validation data (DSS) was removed.');
      return;
    }
    const own = new Set<number>();
    await collectReachable(this.#signed, before.get('DSS'), own, 0);
    const explained: number[] = [];
    const visit = async (item: PdfValue | undefined, depth: number): Promise<boolean> => {
      if (depth > 4) return false;
      if (item instanceof PdfRef) {
        if (!this.#isChanged(item.number)) return true;
        if (this.#replaced.has(item.number) && !own.has(item.number)) return false;
        if (explained.includes(item.number)) return true;
        explained.push(item.number);
        return visit(await this.#current.object(item.number), depth);
      }
      if (item instanceof PdfStream) {
        if (![...item.dict.entries.keys()].every((key) => DSS_STREAM_KEYS.has(key))) return false;
        if (!(await visit(item.dict.get('Length'), depth + 1))) return false;
        // DER starts with a SEQUENCE: a stream that page content could use does not.
        return (await this.#current.streamData(item))[0] === 0x30;
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
      this.#other('The validation data (DSS) contains something else.');
      return;
    }
    for (const number of explained) this.#explained.add(number);
    if (explained.length > 0 || !sameValue(before.get('DSS'), value)) {
      this.#add('validation-data', 'Validation data (DSS) was added.');
    }
  }

  /** A page may only get the widgets of new signatures. */
  async #comparePages(): Promise<void> {
    for (const number of this.#replaced) {
      if (this.#explained.has(number)) continue;
      const [before, after] = [await this.#signed.object(number), await this.#current.object(number)];
      if (before instanceof PdfArray && after instanceof PdfArray) continue;
      if (!(before instanceof PdfDict) || !(after instanceof PdfDict) || before.name('Type') !== 'Page') continue;
      if (!changedKeys(before, after).every((key) => key === 'Annots')) continue;
      if (await this.#explainAnnotations(before.get('Annots'), after.get('Annots'))) this.#explained.add(number);
    }
    // Lists of annotations that are objects of their own: changed without their page.
    for (const number of this.#replaced) {
      if (this.#explained.has(number)) continue;
      const ref = new PdfRef(number, 0);
      if (await this.#explainAnnotations(ref, ref)) this.#explained.add(number);
    }
  }

  async #explainAnnotations(before: PdfValue | undefined, after: PdfValue | undefined): Promise<boolean> {
    const [old, now] = [await this.#signed.resolve(before), await this.#current.resolve(after)];
    if (old !== null && !(old instanceof PdfArray)) return false;
    if (!(now instanceof PdfArray)) return false;
    const kept = old?.items ?? [];
    if (!kept.every((item, index) => sameValue(item, now.items[index]))) return false;
    const added = now.items.slice(kept.length);
    if (!added.every((item) => item instanceof PdfRef && this.#newWidgets.has(item.number))) return false;
    this.#explainOwn(before, after);
    return true;
  }

  /** Marks the object behind a reference as explained, unless it takes over an object that was something else. */
  #explainOwn(before: PdfValue | undefined, after: PdfValue | undefined): void {
    if (!(after instanceof PdfRef)) return;
    const wasSame = before instanceof PdfRef && before.number === after.number;
    if (wasSame || this.#added.has(after.number)) this.#explained.add(after.number);
  }

  /** Explains new objects that are reached from an allowed one. */
  async #explainReachable(value: PdfValue | undefined, depth = 0): Promise<void> {
    if (depth > 50) return;
    if (value instanceof PdfRef) {
      if (!this.#added.has(value.number) || this.#explained.has(value.number)) return;
      this.#explained.add(value.number);
      await this.#explainReachable(await this.#current.object(value.number), depth + 1);
    } else if (value instanceof PdfArray) {
      for (const item of value.items) await this.#explainReachable(item, depth + 1);
    } else if (value instanceof PdfDict || value instanceof PdfStream) {
      const { entries } = value instanceof PdfStream ? value.dict : value;
      for (const item of entries.values()) await this.#explainReachable(item, depth + 1);
    }
  }

  /** Default resources of the form: new entries may come, those that the signed form had stay. */
  async #onlyAdds(before: PdfValue | undefined, after: PdfValue | undefined): Promise<boolean> {
    const [old, now] = [await this.#signed.resolve(before), await this.#current.resolve(after)];
    this.#explainOwn(before, after);
    if (old instanceof PdfDict && now instanceof PdfDict) {
      for (const [key, value] of old.entries) {
        const next = now.get(key);
        if (!sameValue(value, next) && !(await this.#onlyAdds(value, next))) return false;
      }
      for (const [key, value] of now.entries) if (!old.get(key)) await this.#explainReachable(value);
      return true;
    }
    if (old === null) await this.#explainReachable(after);
    return old === null || sameValue(old, now);
  }

  /** A signed object that refers to a number that did not exist then gets its content from the update. */
  async #checkDangling(signal?: AbortSignal): Promise<void> {
    if (this.#added.size === 0) return;
    const dangling = new Set<number>();
    const scan = (text: string) => {
      for (const [, number] of text.matchAll(/(\d{1,10})[\s\0]+\d{1,5}[\s\0]+R(?![A-Za-z])/g)) {
        if (this.#added.has(Number(number))) dangling.add(Number(number));
      }
    };
    let rest = '';
    for await (const chunk of readChunks(this.#signed.source, 0, this.#signedEnd, signal)) {
      const text = rest + chunk.toString('latin1');
      scan(text);
      rest = text.slice(-40);
    }
    const streams = new Set<number>();
    for (const { entries } of this.#signed.sections) {
      for (const entry of entries.values()) if (entry.kind === 'compressed') streams.add(entry.stream);
    }
    for (const number of streams) {
      if (this.#signed.entry(number)) scan((await this.#signed.objectStream(number)).data.toString('latin1'));
    }
    for (const number of dangling) this.#other(`The signed content refers to object ${number}, which was added later.`);
  }

  #isChanged(number: number): boolean {
    return this.#replaced.has(number) || this.#added.has(number);
  }
}

function sameEntry(a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.kind === 'offset') return b.kind === 'offset' && a.offset === b.offset && a.generation === b.generation;
  if (a.kind === 'compressed') return b.kind === 'compressed' && a.stream === b.stream && a.index === b.index;
  return b.kind === 'free';
}

function isSimple(value: PdfValue): boolean {
  return (
    value === null ||
    ['number', 'boolean'].includes(typeof value) ||
    value instanceof PdfName ||
    value instanceof PdfString
  );
}

/** Values inside values, without references. */
function isPlainTree(value: PdfValue): boolean {
  if (value instanceof PdfDict) return [...value.entries.values()].every(isPlainTree);
  if (value instanceof PdfArray) return value.items.every(isPlainTree);
  return isSimple(value);
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
