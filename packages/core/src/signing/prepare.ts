import { maxDocumentsPerRequest } from '../api/assumptions.ts';
import { checkReference, derivedReference, referenceSeed } from '../api/references.ts';
import { checkDocument } from '../api/request/document-checks.ts';
import { blobSource, bytesSource, type DocumentSource } from '../api/request/document-source.ts';
import { signatureInfo } from '../api/request/signature-info.ts';
import type { SignatureOptions } from '../api/sign-options.ts';
import { ValidationError } from '../errors/errors.ts';
import { type SentContent, sentTailBytes } from './content-inspector.ts';
import type { DocumentBytes, DocumentInput, PreparedDocument } from './document-input.ts';
import type { Platform } from './platform.ts';
import { loadXmlParser } from './xml-signature.ts';

export interface PrepareContext {
  readonly platform: Platform;
  /** Prefix of derived references. */
  readonly clientId: string;
  /** Bytes. */
  readonly maxDocumentBytes: number;
  /** Whether signed contents will be compared with what is sent. */
  readonly checkContent?: boolean;
  /** Signature options of the call; options of a document take precedence. */
  readonly signatureOptions: SignatureOptions;
}

/**
 * Checks one document and gives it its reference.
 *
 * @param position - Counts from 1; names a document that has no name.
 * @throws {@link ValidationError} naming the document.
 */
export async function prepareDocument(
  input: DocumentInput,
  position: number,
  { platform, clientId, maxDocumentBytes, checkContent, signatureOptions }: PrepareContext,
): Promise<PreparedDocument> {
  const source = documentSource(input.content);
  const label = input.name ?? `document ${position}`;
  const options = { ...signatureOptions, ...withoutUndefined(input) };
  const { type } = options;
  const checked = await checkDocument(source, label, {
    type,
    contentType: input.contentType,
    maxBytes: maxDocumentBytes,
  });
  const base64 = (bytes: Uint8Array) => new TextDecoder('latin1').decode(platform.toBase64(bytes));
  const info = signatureInfo(checked.signatureType, options, label, base64);
  if (checkContent && checked.signatureType === 'XAdES') await loadXmlParser();
  if (input.reference !== undefined) checkReference(input.reference, label);
  const sent = checkContent || input.reference === undefined ? await describeContent(source, platform) : undefined;
  const derive = async ({ sha256 }: SentContent) => {
    const seed = referenceSeed(sha256, input.key, checked.signatureType);
    return derivedReference(clientId, await platform.sha256(bytesSource(seed).read()));
  };
  const reference = input.reference ?? (await derive(sent as SentContent));
  const extension =
    checked.contentType === 'application/pdf' ? 'pdf' : checked.signatureType === 'XAdES' ? 'xml' : 'bin';
  const name = input.name ?? `document-${position}.${extension}`;
  const { contentType } = checked;
  return { reference, name, contentType, source, ...(sent ? { sent } : {}), signatureInfo: info };
}

/**
 * Prepares the documents of one request, one after the other.
 *
 * @throws {@link ValidationError} `NO_DOCUMENTS` or `TOO_MANY_DOCUMENTS`, or that of the first document that cannot be signed.
 */
export async function prepareAll<Input>(
  inputs: readonly Input[],
  prepare: (input: Input, position: number) => Promise<PreparedDocument>,
): Promise<PreparedDocument[]> {
  if (inputs.length === 0) throw new ValidationError('NO_DOCUMENTS', 'There is nothing to sign.');
  if (inputs.length > maxDocumentsPerRequest) {
    const message = `${inputs.length} documents are more than the ${maxDocumentsPerRequest} of one request.`;
    throw new ValidationError('TOO_MANY_DOCUMENTS', message);
  }
  const prepared: PreparedDocument[] = [];
  for (const [index, input] of inputs.entries()) prepared.push(await prepare(input, index + 1));
  return prepared;
}

/** @throws {@link ValidationError} `DUPLICATE_REFERENCE` naming both documents. */
export function refuseDuplicates(documents: readonly PreparedDocument[]): void {
  const seen = new Map<string, PreparedDocument>();
  for (const document of documents) {
    const other = seen.get(document.reference);
    if (other) throw duplicateReference(document.name, other.name, document.reference);
    seen.set(document.reference, document);
  }
}

export function duplicateReference(name: string, other: string, reference: string): ValidationError {
  const message = `${name} and ${other} have the same external reference: the same content and key, or the same given reference.`;
  return new ValidationError('DUPLICATE_REFERENCE', message, { document: name, references: [reference] });
}

/** One pass for the reference and for the check of the signed content. */
async function describeContent(source: DocumentSource, platform: Platform): Promise<SentContent> {
  const { size } = source;
  if (source.sha256) {
    const tail = await source.slice(Math.max(0, size - sentTailBytes), size);
    // A copy: a part of the content's own memory would keep all of it in memory until the document is signed.
    return { size, sha256: await source.sha256(), tail: new Uint8Array(tail) };
  }
  const hash = platform.createSha256();
  let bytes = 0;
  let tail: Uint8Array = new Uint8Array(0);
  for await (const chunk of source.read()) {
    hash.update(chunk);
    bytes += chunk.byteLength;
    tail = lastBytes(tail, chunk, sentTailBytes);
  }
  return { size: bytes, sha256: hash.hex(), tail };
}

function lastBytes(before: Uint8Array, chunk: Uint8Array, count: number): Uint8Array {
  if (chunk.byteLength >= count) return chunk.slice(-count);
  const kept = before.subarray(Math.max(0, before.byteLength + chunk.byteLength - count));
  const both = new Uint8Array(kept.byteLength + chunk.byteLength);
  both.set(kept);
  both.set(chunk, kept.byteLength);
  return both;
}

function documentSource(content: DocumentBytes): DocumentSource {
  if (content instanceof Uint8Array) return bytesSource(content);
  if (content instanceof ArrayBuffer) return bytesSource(new Uint8Array(content));
  if (content instanceof Blob) return blobSource(content);
  if (content && typeof content.read === 'function' && typeof content.slice === 'function') return content;
  throw new ValidationError(
    'DOCUMENT_UNREADABLE',
    'The content is no Uint8Array, ArrayBuffer, Blob or document source.',
  );
}

/** Only signature options, and only those that were given, may override the call's. */
function withoutUndefined({ type, reason, location, timestamp, visible, xml }: DocumentInput): SignatureOptions {
  const own = { type, reason, location, timestamp, visible, xml };
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)) as SignatureOptions;
}
