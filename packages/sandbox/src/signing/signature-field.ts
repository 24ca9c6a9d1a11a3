import {
  PDFAcroSignature,
  PDFArray,
  PDFDict,
  PDFHexString,
  PDFName,
  PDFNumber,
  type PDFPage,
  PDFRef,
  PDFString,
  PDFWidgetAnnotation,
} from '@cantoo/pdf-lib';
import { SigningError } from '../signer.ts';
import type { Rectangle } from './page-space.ts';
import type { PdfIncrement } from './pdf-increment.ts';

/** SignaturesExist | AppendOnly: tells viewers to keep the file's bytes when they save it. */
const SIGNATURE_FLAGS = 3;
/** Print | Locked. */
const WIDGET_FLAGS = 132;

/** The visible part of a signature: `rectangle` in the page's own space, `appearance` a form XObject. */
export interface SignatureWidget {
  page: PDFPage;
  rectangle: Rectangle;
  appearance?: PDFRef | undefined;
}

/** An existing signature field and its widget, which may be one object or two. */
export interface SignatureField {
  field: { dict: PDFDict; ref: PDFRef };
  widget: { dict: PDFDict; ref: PDFRef };
  page: PDFPage;
  rectangle: Rectangle;
}

/** Adds a new signature field that holds `signature`, and its widget. Forms and fields already there are kept. */
export function addSignatureField(increment: PdfIncrement, signature: PDFRef, widget: SignatureWidget): void {
  const { context } = increment;
  const fields = openFields(increment);
  const field = context.register(
    context.obj({
      Type: 'Annot',
      Subtype: 'Widget',
      FT: 'Sig',
      T: PDFString.of(freeName(increment, fields.value)),
      V: signature,
      F: WIDGET_FLAGS,
      P: widget.page.ref,
      Rect: [...widget.rectangle],
      ...(widget.appearance && { AP: { N: widget.appearance } }),
    }),
  );
  fields.value.push(field);
  increment.touch(fields.holder);
  addAnnotation(increment, widget.page, field);
}

/** Puts `signature` into a field of the document. */
export function fillSignatureField(
  increment: PdfIncrement,
  { field, widget }: SignatureField,
  signature: PDFRef,
  appearance: PDFRef | undefined,
): void {
  openFields(increment);
  field.dict.set(PDFName.of('V'), signature);
  increment.touch(field.ref);
  widget.dict.set(PDFName.of('F'), PDFNumber.of(WIDGET_FLAGS));
  if (appearance) widget.dict.set(PDFName.of('AP'), increment.context.obj({ N: appearance }));
  increment.touch(widget.ref);
}

/** Finds the signature field with this fully qualified name. Rejects one that is missing or already signed. */
export function findEmptySignatureField(increment: PdfIncrement, name: string): SignatureField {
  const acroForm = increment.document.catalog.getAcroForm();
  const found = acroForm
    ?.getAllFields()
    .find(([field]) => field instanceof PDFAcroSignature && field.getFullyQualifiedName() === name);
  if (!found) {
    throw new SigningError('CONFIGURATION_SIGN_ERROR', `The document has no signature field "${name}"`);
  }
  const [field, ref] = found;
  if (field.dict.lookup(PDFName.of('V'))) {
    throw new SigningError('CONFIGURATION_SIGN_ERROR', `The signature field "${name}" is already signed`);
  }
  const kid = field.Kids()?.get(0);
  const widgetRef = kid instanceof PDFRef ? kid : ref;
  const widget = increment.context.lookup(widgetRef, PDFDict);
  const page = increment.document.getPages().find(({ node }) => node.Annots()?.asArray().includes(widgetRef));
  if (!page) {
    throw new SigningError('CONFIGURATION_SIGN_ERROR', `The signature field "${name}" stands on no page`);
  }
  const { x, y, width, height } = PDFWidgetAnnotation.fromDict(widget).getRectangle();
  return {
    field: { dict: field.dict, ref },
    widget: { dict: widget, ref: widgetRef },
    page,
    rectangle: [x, y, x + width, y + height],
  };
}

/** The form's list of fields, made if the document has none yet. */
function openFields(increment: PdfIncrement): { value: PDFArray; holder: PDFRef } {
  const { context } = increment;
  const catalog = { value: increment.document.catalog as PDFDict, holder: increment.root };
  const found = increment.child(catalog, 'AcroForm');
  let form: { value: PDFDict; holder: PDFRef };
  if (found.value instanceof PDFDict) {
    form = { value: found.value, holder: found.holder };
  } else {
    const value = context.obj({});
    form = { value, holder: context.register(value) };
    catalog.value.set(PDFName.of('AcroForm'), form.holder);
    increment.touch(catalog.holder);
  }
  const flags = form.value.lookup(PDFName.of('SigFlags'));
  const given = flags instanceof PDFNumber ? flags.asNumber() : 0;
  form.value.set(PDFName.of('SigFlags'), PDFNumber.of(given | SIGNATURE_FLAGS));
  increment.touch(form.holder);
  const fields = increment.child(form, 'Fields');
  if (fields.value instanceof PDFArray) return { value: fields.value, holder: fields.holder };
  const value = context.obj([]);
  form.value.set(PDFName.of('Fields'), value);
  return { value, holder: form.holder };
}

function freeName({ context }: PdfIncrement, fields: PDFArray): string {
  const taken = new Set(
    fields.asArray().map((entry) => {
      const field = context.lookup(entry);
      const name = field instanceof PDFDict ? field.lookup(PDFName.of('T')) : undefined;
      return name instanceof PDFString || name instanceof PDFHexString ? name.decodeText() : undefined;
    }),
  );
  let number = 1;
  while (taken.has(`Signature${number}`)) number += 1;
  return `Signature${number}`;
}

function addAnnotation(increment: PdfIncrement, page: PDFPage, annotation: PDFRef): void {
  const annotations = increment.child({ value: page.node, holder: page.ref }, 'Annots');
  increment.touch(annotations.holder);
  if (annotations.value instanceof PDFArray) annotations.value.push(annotation);
  else {
    page.node.set(PDFName.of('Annots'), increment.context.obj([annotation]));
    increment.touch(page.ref);
  }
}
