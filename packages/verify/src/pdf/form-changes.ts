import type { ChangeSet } from './change-set.ts';
import { changedKeys, PdfDict, PdfRef, PdfString, type PdfValue, sameValue } from './objects.ts';
import { type FormField, readFormFields } from './signature-fields.ts';

/** Keys of a signature widget that may be set when its field is signed. */
const SIGNED_FIELD_KEYS = new Set(['V', 'AP', 'AS', 'F', 'M', 'MK', 'DA', 'P', 'Type', 'Subtype', 'Ff', 'SigFlags']);
const NEW_FIELD_KEYS = new Set([
  ...SIGNED_FIELD_KEYS,
  ...['FT', 'T', 'TU', 'Rect', 'NM', 'Lock', 'SV', 'BS', 'Border', 'H', 'Q', 'DR'],
]);
const FILLED_FIELD_KEYS = new Set(['V', 'AP', 'AS', 'M', 'MK']);

/** Explains new and filled signature fields, and filled form fields. */
export async function compareForms(set: ChangeSet, before: PdfDict, after: PdfDict): Promise<void> {
  const [oldForm, newForm] = [
    await set.signed.dict(before.get('AcroForm')),
    await set.current.dict(after.get('AcroForm')),
  ];
  if (!newForm) {
    if (oldForm) set.other('The form was removed.');
    return;
  }
  set.explainOwn(before.get('AcroForm'), after.get('AcroForm'));
  for (const key of changedKeys(oldForm ?? new PdfDict(new Map()), newForm)) {
    if (key === 'Fields' || key === 'SigFlags') continue;
    if (key === 'DR' || key === 'DA') {
      if (await onlyAdds(set, oldForm?.get(key), newForm.get(key))) continue;
    }
    set.other(`The form has another /${key}.`);
  }
  set.explainOwn(oldForm?.get('Fields'), newForm.get('Fields'));
  const oldFields = await set.signed.array(oldForm?.get('Fields'));
  const newFields = await set.current.array(newForm.get('Fields'));
  if (!oldFields.every((field, index) => sameValue(field, newFields[index]))) {
    set.other('Fields of the form were removed or reordered.');
  }
  for (const field of newFields.slice(oldFields.length)) await explainNewField(set, field);
  for (const field of await readFormFields(set.signed)) await explainFilledField(set, field);
}

async function explainNewField(set: ChangeSet, ref: PdfValue): Promise<void> {
  if (!(ref instanceof PdfRef) || !set.added.has(ref.number)) {
    set.other('A field was added that is not a new object.');
    return;
  }
  const field = await set.current.dict(ref);
  const isSignature = field?.name('FT') === 'Sig' && field.get('V') instanceof PdfRef;
  const unknown = field && [...field.entries.keys()].find((key) => !NEW_FIELD_KEYS.has(key));
  if (!field || !isSignature || unknown) {
    set.other(`A field was added that is not a plain signature field (object ${ref.number}).`);
    return;
  }
  set.explained.add(ref.number);
  set.newWidgets.add(ref.number);
  await explainSignature(set, field);
}

/** The dictionary of a new signature, and how it appears on the page. */
async function explainSignature(set: ChangeSet, field: PdfDict): Promise<void> {
  const signature = await set.current.dict(field.get('V'));
  const isTimestamp = signature?.name('SubFilter') === 'ETSI.RFC3161';
  const name = await set.current.resolve(field.get('T'));
  const label = name instanceof PdfString ? ` "${name.text}"` : '';
  if (!signature?.get('ByteRange')) {
    set.other(`The new signature field${label} does not hold a signature.`);
    return;
  }
  for (const key of ['V', 'AP', 'MK', 'Lock', 'SV', 'DR', 'BS']) await set.explainReachable(field.get(key));
  set.add(
    isTimestamp ? 'timestamp' : 'signature',
    `A ${isTimestamp ? 'document timestamp' : 'signature'}${label} was added.`,
  );
}

async function explainFilledField(set: ChangeSet, { number, type, dict: before, name }: FormField): Promise<void> {
  if (number === undefined || !set.replaced.has(number) || set.explained.has(number)) return;
  const after = await set.current.dict(new PdfRef(number, 0));
  if (!after) return;
  const keys = changedKeys(before, after);
  if (type === 'Sig') {
    if (before.get('V') !== undefined || !keys.every((key) => SIGNED_FIELD_KEYS.has(key))) return;
    set.explained.add(number);
    await explainSignature(set, after);
    return;
  }
  if (!keys.every((key) => FILLED_FIELD_KEYS.has(key))) return;
  set.explained.add(number);
  for (const key of ['V', 'AP', 'MK']) await set.explainReachable(after.get(key));
  // Without a certification that permits it, a value that changed after the signature was not signed.
  const allowed = set.certification === 2 || set.certification === 3;
  set.add('form-fields', `The form field "${name}" was changed.`, allowed);
}

/** Default resources of the form: new entries may come, those that the signed form had stay. */
async function onlyAdds(set: ChangeSet, before: PdfValue | undefined, after: PdfValue | undefined): Promise<boolean> {
  const [old, now] = [await set.signed.resolve(before), await set.current.resolve(after)];
  set.explainOwn(before, after);
  if (old instanceof PdfDict && now instanceof PdfDict) {
    for (const [key, value] of old.entries) {
      const next = now.get(key);
      if (!sameValue(value, next) && !(await onlyAdds(set, value, next))) return false;
    }
    for (const [key, value] of now.entries) if (!old.get(key)) await set.explainReachable(value);
    return true;
  }
  if (old === null) await set.explainReachable(after);
  return old === null || sameValue(old, now);
}
