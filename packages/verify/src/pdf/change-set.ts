import type { AppendedChange } from '../report.ts';
import { sameEntry } from './cross-references.ts';
import { PdfArray, PdfDict, PdfRef, PdfStream, type PdfValue } from './objects.ts';
import type { Revision } from './revision.ts';

const MAX_REPORTED = 20;
const MAX_DEPTH = 50;

/** The objects that updates replaced or added since a revision was signed, and which of them are explained so far. */
export class ChangeSet {
  readonly signed: Revision;
  readonly current: Revision;
  readonly signedEnd: number;
  /** The level of a certification signature, if the signature is one. */
  readonly certification: number | undefined;
  readonly changes: AppendedChange[] = [];
  /** Objects of the signed revision that are different now. */
  readonly replaced = new Set<number>();
  readonly added = new Set<number>();
  readonly explained = new Set<number>();
  /** Widgets of new signatures, which may be added to the annotations of a page. */
  readonly newWidgets = new Set<number>();

  constructor(signed: Revision, current: Revision, signedEnd: number, certification: number | undefined) {
    this.signed = signed;
    this.current = current;
    this.signedEnd = signedEnd;
    this.certification = certification;
    const newer = current.sections.length - signed.sections.length;
    for (const { entries } of this.current.sections.slice(0, newer)) {
      for (const number of entries.keys()) {
        const before = this.signed.entry(number);
        const now = this.current.entry(number);
        if (sameEntry(now, before)) continue;
        if (before) this.replaced.add(number);
        else if (now) this.added.add(number);
      }
    }
  }

  add(kind: AppendedChange['kind'], detail: string, allowed = true): void {
    if (this.changes.length < MAX_REPORTED || !allowed) {
      if (this.changes.length < 2 * MAX_REPORTED) this.changes.push({ kind, allowed, detail });
    }
  }

  other(detail: string): void {
    this.add('other', detail, false);
  }

  /** Marks the object behind a reference as explained, unless it takes over an object that was something else. */
  explainOwn(before: PdfValue | undefined, after: PdfValue | undefined): void {
    if (!(after instanceof PdfRef)) return;
    const wasSame = before instanceof PdfRef && before.number === after.number;
    if (wasSame || this.added.has(after.number)) this.explained.add(after.number);
  }

  /** Explains new objects that are reached from an allowed one. */
  async explainReachable(value: PdfValue | undefined, depth = 0): Promise<void> {
    if (depth > MAX_DEPTH) return;
    if (value instanceof PdfRef) {
      if (!this.added.has(value.number) || this.explained.has(value.number)) return;
      this.explained.add(value.number);
      await this.explainReachable(await this.current.object(value.number), depth + 1);
    } else if (value instanceof PdfArray) {
      for (const item of value.items) await this.explainReachable(item, depth + 1);
    } else if (value instanceof PdfDict || value instanceof PdfStream) {
      const { entries } = value instanceof PdfStream ? value.dict : value;
      for (const item of entries.values()) await this.explainReachable(item, depth + 1);
    }
  }

  isChanged(number: number): boolean {
    return this.replaced.has(number) || this.added.has(number);
  }
}
