import type { AppendedChange } from '../report.ts';
import { readChunks } from '../source.ts';
import { ChangeSet } from './change-set.ts';
import { sameEntry } from './cross-references.ts';
import { compareForms } from './form-changes.ts';
import {
  changedKeys,
  isPlainTree,
  isSimple,
  PdfArray,
  PdfDict,
  PdfRef,
  PdfStream,
  type PdfValue,
  sameValue,
} from './objects.ts';
import type { Revision } from './revision.ts';
import { compareDss } from './validation-data.ts';

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
  const set = new ChangeSet(signed, current, signedEnd, certification);
  if (!continuesSigned(set)) {
    set.other('The newest revision does not continue the signed one.');
    return set.changes;
  }
  await explainContainers(set);
  await compareTrailers(set);
  await compareCatalogs(set, await signed.catalog(), await current.catalog());
  await comparePages(set);
  await checkDangling(set, signal);
  for (const number of [...set.replaced, ...set.added]) {
    if (!set.explained.has(number)) {
      set.other(`Object ${number} was ${set.replaced.has(number) ? 'replaced' : 'added'} after the signature.`);
    }
  }
  return set.changes;
}

/** The newest sections must follow the signed ones, and only speak of bytes that follow them, too. */
function continuesSigned(set: ChangeSet): boolean {
  const newest = set.current.sections;
  const first = newest.findIndex(({ offset }) => offset === set.signed.sections[0]!.offset);
  if (first < 0 || newest.length - first !== set.signed.sections.length) return false;
  return newest.slice(0, first).every(({ offset, entries }) => {
    if (offset < set.signedEnd) return false;
    for (const [number, entry] of entries) {
      if (entry.kind !== 'offset' || entry.offset >= set.signedEnd) continue;
      if (!sameEntry(entry, set.signed.entry(number))) return false;
    }
    return true;
  });
}

/** Cross-reference and object streams are the packaging of the update, and an object may be written again as it was. */
async function explainContainers(set: ChangeSet): Promise<void> {
  for (const number of set.added) {
    const value = await set.current.object(number);
    const type = value instanceof PdfStream ? value.dict.name('Type') : undefined;
    if (type === 'XRef' || type === 'ObjStm') set.explained.add(number);
  }
  for (const number of set.replaced) {
    if (sameValue(await set.signed.object(number), await set.current.object(number))) set.explained.add(number);
  }
}

async function compareTrailers(set: ChangeSet): Promise<void> {
  const [before, after] = [set.signed.trailer, set.current.trailer];
  for (const key of ['Root', 'Encrypt']) {
    if (!sameValue(before.get(key), after.get(key))) set.other(`The trailer has another /${key}.`);
  }
  // Part of the key of older encryption: another one would decrypt the signed content to something else.
  if (set.current.isEncrypted) {
    const [id] = await set.signed.array(before.get('ID'));
    if (!sameValue(id, (await set.current.array(after.get('ID')))[0])) set.other('The trailer has another /ID.');
  }
  const info = after.get('Info');
  if (info instanceof PdfRef && set.isChanged(info.number)) {
    const value = await set.current.object(info.number);
    const old = before.get('Info');
    const isOwn = !set.replaced.has(info.number) || (old instanceof PdfRef && old.number === info.number);
    if (isOwn && value instanceof PdfDict && [...value.entries.values()].every(isSimple)) {
      set.explained.add(info.number);
      set.add('metadata', 'The document information was updated.');
    }
  }
}

async function compareCatalogs(set: ChangeSet, before: PdfDict, after: PdfDict): Promise<void> {
  const root = set.current.trailer.get('Root');
  if (root instanceof PdfRef) set.explained.add(root.number);
  for (const key of changedKeys(before, after)) {
    if (key === 'AcroForm' || key === 'DSS' || key === 'Extensions' || key === 'Version') continue;
    if (key === 'Metadata') continue;
    set.other(`The document catalog has another /${key}.`);
  }
  await compareExtensions(set, before, after);
  await compareMetadata(set, before, after);
  await compareForms(set, before, after);
  await compareDss(set, before, after);
}

async function compareExtensions(set: ChangeSet, before: PdfDict, after: PdfDict): Promise<void> {
  const extensions = after.get('Extensions');
  if (extensions instanceof PdfRef && set.isChanged(extensions.number)) {
    const old = before.get('Extensions');
    if (!set.replaced.has(extensions.number) || (old instanceof PdfRef && old.number === extensions.number)) {
      set.explained.add(extensions.number);
    }
  }
  const value = await set.current.resolve(extensions);
  if (value !== null && !(value instanceof PdfDict && isPlainTree(value))) {
    set.other('The /Extensions of the document catalog are not plain values.');
  }
}

async function compareMetadata(set: ChangeSet, before: PdfDict, after: PdfDict): Promise<void> {
  const metadata = after.get('Metadata');
  if (!(metadata instanceof PdfRef)) {
    if (!sameValue(before.get('Metadata'), metadata)) set.other('The document catalog has another /Metadata.');
    return;
  }
  if (!set.isChanged(metadata.number)) {
    if (!sameValue(before.get('Metadata'), metadata)) set.other('The document catalog has another /Metadata.');
    return;
  }
  const value = await set.current.object(metadata.number);
  const old = before.get('Metadata');
  const isOwn = !set.replaced.has(metadata.number) || (old instanceof PdfRef && old.number === metadata.number);
  if (isOwn && value instanceof PdfStream && value.dict.name('Type') === 'Metadata') {
    set.explained.add(metadata.number);
    set.add('metadata', 'The document metadata was updated.');
  }
}

/** A page may only get the widgets of new signatures. */
async function comparePages(set: ChangeSet): Promise<void> {
  for (const number of set.replaced) {
    if (set.explained.has(number)) continue;
    const [before, after] = [await set.signed.object(number), await set.current.object(number)];
    if (before instanceof PdfArray && after instanceof PdfArray) continue;
    if (!(before instanceof PdfDict) || !(after instanceof PdfDict) || before.name('Type') !== 'Page') continue;
    if (!changedKeys(before, after).every((key) => key === 'Annots')) continue;
    if (await explainAnnotations(set, before.get('Annots'), after.get('Annots'))) set.explained.add(number);
  }
  // Lists of annotations that are objects of their own: changed without their page.
  for (const number of set.replaced) {
    if (set.explained.has(number)) continue;
    const ref = new PdfRef(number, 0);
    if (await explainAnnotations(set, ref, ref)) set.explained.add(number);
  }
}

async function explainAnnotations(
  set: ChangeSet,
  before: PdfValue | undefined,
  after: PdfValue | undefined,
): Promise<boolean> {
  const [old, now] = [await set.signed.resolve(before), await set.current.resolve(after)];
  if (old !== null && !(old instanceof PdfArray)) return false;
  if (!(now instanceof PdfArray)) return false;
  const kept = old?.items ?? [];
  if (!kept.every((item, index) => sameValue(item, now.items[index]))) return false;
  const added = now.items.slice(kept.length);
  if (!added.every((item) => item instanceof PdfRef && set.newWidgets.has(item.number))) return false;
  set.explainOwn(before, after);
  return true;
}

/** A signed object that refers to a number that did not exist then gets its content from the update. */
async function checkDangling(set: ChangeSet, signal?: AbortSignal): Promise<void> {
  if (set.added.size === 0) return;
  const dangling = new Set<number>();
  const scan = (text: string) => {
    for (const [, number] of text.matchAll(/(\d{1,10})[\s\0]+\d{1,5}[\s\0]+R(?![A-Za-z])/g)) {
      if (set.added.has(Number(number))) dangling.add(Number(number));
    }
  };
  let rest = '';
  for await (const chunk of readChunks(set.signed.source, 0, set.signedEnd, signal)) {
    const text = rest + chunk.toString('latin1');
    scan(text);
    rest = text.slice(-40);
  }
  const streams = new Set<number>();
  for (const { entries } of set.signed.sections) {
    for (const entry of entries.values()) if (entry.kind === 'compressed') streams.add(entry.stream);
  }
  for (const number of streams) {
    if (set.signed.entry(number)) scan((await set.signed.objectStream(number)).data.toString('latin1'));
  }
  for (const number of dangling) set.other(`The signed content refers to object ${number}, which was added later.`);
}
