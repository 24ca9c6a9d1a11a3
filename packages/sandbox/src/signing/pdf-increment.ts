import {
  EncryptedPDFError,
  ParseSpeeds,
  type PDFContext,
  PDFCrossRefSection,
  PDFCrossRefStream,
  type PDFDict,
  PDFDocument,
  PDFName,
  type PDFObject,
  PDFRef,
} from '@cantoo/pdf-lib';
import { SigningError } from '../signer.ts';
import { type PdfTail, readPdfTail } from './pdf-tail.ts';

/**
 * An incremental update: the original bytes stay as they are, changed and new objects are appended to them, so that
 * earlier signatures stay valid. pdf-lib models the document; the update is written here, because pdf-lib's own one would
 * pack the signature into a compressed object stream, or put a plain table on a file that uses cross-reference streams.
 */
export class PdfIncrement {
  readonly original: Buffer;
  readonly document: PDFDocument;
  readonly #tail: PdfTail;
  readonly #firstNewObject: number;
  readonly #touched = new Set<PDFRef>();

  private constructor(original: Buffer, document: PDFDocument, tail: PdfTail) {
    this.original = original;
    this.document = document;
    this.#tail = tail;
    ignoreImplausibleSize(document.context);
    this.#firstNewObject = document.context.largestObjectNumber + 1;
    // pdf-lib's own change tracking would search the whole document at every change.
    delete document.context.snapshot;
  }

  static async open(content: Uint8Array): Promise<PdfIncrement> {
    const original = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
    const tail = readPdfTail(original);
    try {
      const document = await PDFDocument.load(original, {
        forIncrementalUpdate: true,
        updateMetadata: false,
        preserveXFA: true,
        parseSpeed: ParseSpeeds.Fastest,
      });
      if (document.getPageCount() === 0) throw new Error('it has no pages');
      return new PdfIncrement(original, document, tail);
    } catch (cause) {
      if (cause instanceof EncryptedPDFError) {
        throw new SigningError(
          'SIGN_OPERATION_INTERNAL_ERROR',
          'The document is an encrypted PDF, which cannot be signed',
        );
      }
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SigningError(
        'SIGN_OPERATION_INTERNAL_ERROR',
        `The document is not a PDF that can be signed: ${reason}`,
      );
    }
  }

  get context(): PDFContext {
    return this.document.context;
  }

  /** The catalog's own reference. */
  get root(): PDFRef {
    return this.context.trailerInfo.Root as PDFRef;
  }

  /** Marks an object of the original as changed. New objects need no mark. */
  touch(ref: PDFRef): void {
    this.#touched.add(ref);
  }

  /**
   * Looks up `key` in `owner`. `holder` is the object to touch when the found value is changed: its own reference, or,
   * where it stands inside its owner, the owner's holder.
   */
  child(owner: { value: PDFDict; holder: PDFRef }, key: string): { value: PDFObject | undefined; holder: PDFRef } {
    const entry = owner.value.get(PDFName.of(key));
    return entry instanceof PDFRef
      ? { value: this.context.lookup(entry), holder: entry }
      : { value: entry, holder: owner.holder };
  }

  /** Writes everything that changed. Offsets in the answer are relative to the start of the update. */
  async write(): Promise<{ bytes: Buffer; offsetOf: (ref: PDFRef) => number }> {
    // Fonts and images write their objects only now.
    await this.document.flush();
    const chunks: Buffer[] = [Buffer.from('\n')];
    const offsets = new Map<PDFRef, number>();
    let length = 1;
    const append = (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
    };
    for (const [ref, object] of this.#changedObjects()) {
      offsets.set(ref, length);
      append(serializeObject(ref, object));
    }
    const start = this.original.length;
    append(this.#crossReferences(offsets, start + length));
    append(Buffer.from(`startxref\n${start + length - chunks.at(-1)!.length}\n%%EOF\n`));
    return { bytes: Buffer.concat(chunks), offsetOf: (ref) => offsets.get(ref)! };
  }

  #changedObjects(): [PDFRef, PDFObject][] {
    return this.context
      .enumerateIndirectObjects()
      .filter(([ref]) => ref.objectNumber >= this.#firstNewObject || this.#touched.has(ref));
  }

  #crossReferences(offsets: ReadonlyMap<PDFRef, number>, position: number): Buffer {
    const { context, original } = this;
    const isStream = this.#tail.crossReferences === 'stream';
    // A cross-reference stream is an object like any other and lists itself.
    const streamRef = isStream ? context.nextRef() : undefined;
    const { Root, Info, ID } = context.trailerInfo;
    const trailer = context.obj({
      Size: context.largestObjectNumber + 1,
      Prev: this.#tail.offset,
      Root: Root!,
      ...(Info && { Info }),
      ...(ID && { ID }),
    });
    if (streamRef) {
      const stream = PDFCrossRefStream.of(trailer, []);
      for (const [ref, offset] of offsets) stream.addUncompressedEntry(ref, original.length + offset);
      stream.addUncompressedEntry(streamRef, position);
      return serializeObject(streamRef, stream);
    }
    const table = PDFCrossRefSection.createEmpty();
    for (const [ref, offset] of offsets) table.addEntry(ref, original.length + offset);
    return Buffer.from(`${table.toString()}trailer\n${trailer.toString()}\n`, 'latin1');
  }
}

/** Largest object number that readers take (PDF 32000-1, annex C). */
const LARGEST_OBJECT_NUMBER = 8_388_607;

/** New objects are numbered from /Size on; a wrong /Size would lead to numbers that no reader accepts. */
function ignoreImplausibleSize(context: PDFContext): void {
  if (context.largestObjectNumber < LARGEST_OBJECT_NUMBER) return;
  const numbers = context.enumerateIndirectObjects().map(([{ objectNumber }]) => objectNumber);
  const largest = numbers.reduce((left, right) => Math.max(left, right), 0);
  if (largest >= LARGEST_OBJECT_NUMBER) throw new Error(`it has an object with the number ${largest}`);
  context.largestObjectNumber = largest;
}

function serializeObject(ref: PDFRef, object: PDFObject): Buffer {
  const header = Buffer.from(`${ref.objectNumber} ${ref.generationNumber} obj\n`);
  const body = Buffer.alloc(object.sizeInBytes());
  object.copyBytesInto(body, 0);
  return Buffer.concat([header, body, Buffer.from('\nendobj\n')]);
}
