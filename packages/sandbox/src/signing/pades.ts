import { PDFHexString, type PDFRef, PDFString } from '@cantoo/pdf-lib';
import type { WireSignatureInfo, WireVisibleSignatureInfo } from '../signer.ts';
import type { Authority } from './certificate-store.ts';
import { sha256, signCms, toDer } from './cms.ts';
import { commonName } from './distinguished-name.ts';
import { PdfIncrement } from './pdf-increment.ts';
import { type CoordinateOrigin, placeSeal } from './seal-placement.ts';
import type { TemplateContext } from './seal-template.ts';
import { addSignatureField, fillSignatureField } from './signature-field.ts';
import { signatureTimestamp } from './timestamp.ts';
import { drawAppearance } from './visible-appearance.ts';

/** Bytes reserved for the CMS, as in a document signed by staging. */
const RESERVED_FOR_CMS = 18_944;
/** As wide as the longest offset that fits, so that the real numbers can be written over it. */
const OFFSET_PLACEHOLDER = 9_999_999_999;

/** Signs a PDF as PAdES baseline (B-B, or B-T with a timestamp), as an incremental update. */
export async function signPades(
  authority: Authority,
  content: Uint8Array,
  signatureInfo: WireSignatureInfo,
  coordinateOrigin: CoordinateOrigin,
): Promise<Buffer> {
  const increment = await PdfIncrement.open(content);
  const { context } = increment;
  const timestamp = signatureInfo.applyTimestamp ?? false;
  const { reason, location, visibleSignatureInfo } = signatureInfo;
  const signerName = commonName(authority.signer.certificate.x509);
  const date = new Date();

  const signature = context.register(
    context.obj({
      Type: 'Sig',
      Filter: 'Adobe.PPKLite',
      SubFilter: 'ETSI.CAdES.detached',
      ByteRange: [0, OFFSET_PLACEHOLDER, OFFSET_PLACEHOLDER, OFFSET_PLACEHOLDER],
      Contents: PDFHexString.of('0'.repeat(RESERVED_FOR_CMS * 2)),
      M: PDFString.of(pdfDate(date)),
      ...(reason && { Reason: PDFHexString.fromText(reason) }),
      ...(location && { Location: PDFHexString.fromText(location) }),
    }),
  );
  await showSignature(increment, signature, visibleSignatureInfo, coordinateOrigin, {
    commonName: signerName,
    reason,
    location,
    date,
  });

  const update = await increment.write();
  const covered = coverAllBut(update.bytes, update.offsetOf(signature), increment.original.length);
  const signed = signCms({
    signer: authority.signer,
    chain: [],
    contentDigest: sha256(increment.original, covered.before, covered.after),
    unsignedAttributes: (value) => (timestamp ? [signatureTimestamp(authority, value)] : []),
  });
  const cms = toDer(signed);
  if (cms.length > RESERVED_FOR_CMS) {
    throw new Error(`A CMS of ${cms.length} bytes does not fit into the ${RESERVED_FOR_CMS} bytes reserved for it`);
  }
  update.bytes.write(cms.toString('hex'), covered.contentsStart + 1, 'latin1');
  return Buffer.concat([increment.original, update.bytes]);
}

/** Adds the signature field: on the page of the visible seal, or on the first page for an invisible signature. */
async function showSignature(
  increment: PdfIncrement,
  signature: PDFRef,
  wish: WireVisibleSignatureInfo | undefined,
  coordinateOrigin: CoordinateOrigin,
  variables: TemplateContext,
): Promise<void> {
  if (!wish) {
    // An empty rectangle is how an invisible signature is written.
    addSignatureField(increment, signature, { page: increment.document.getPage(0), rectangle: [0, 0, 0, 0] });
    return;
  }
  const placement = await placeSeal(increment, wish, coordinateOrigin);
  const isVisible = placement.width > 0 && placement.height > 0;
  const appearance = isVisible ? await drawAppearance(increment, placement, wish, variables) : undefined;
  if (placement.field) fillSignatureField(increment, placement.field, signature, appearance);
  else addSignatureField(increment, signature, { page: placement.page, rectangle: placement.rectangle, appearance });
}

/** Writes the real /ByteRange of the signature at `offset`: the whole file except the value of /Contents. */
function coverAllBut(update: Buffer, offset: number, originalLength: number) {
  const contentsKey = update.indexOf('/Contents <', offset);
  const contentsStart = update.indexOf('<', contentsKey);
  const contentsEnd = update.indexOf('>', contentsStart) + 1;
  const range = [0, originalLength + contentsStart, originalLength + contentsEnd, update.length - contentsEnd];
  const rangeStart = update.indexOf('[', update.indexOf('/ByteRange', offset));
  const rangeEnd = update.indexOf(']', rangeStart) + 1;
  update.write(`[${range.join(' ')}]`.padEnd(rangeEnd - rangeStart), rangeStart, 'latin1');
  return { contentsStart, before: update.subarray(0, contentsStart), after: update.subarray(contentsEnd) };
}

/** UTC, with the zone written the way staging does. */
function pdfDate(date: Date): string {
  return `D:${date.toISOString().slice(0, 19).replace(/[-T:]/g, '')}+00'00'`;
}
