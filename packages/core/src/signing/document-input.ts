import type { DocumentSource } from '../api/request/document-source.ts';
import type { SignatureOptions } from '../api/sign-options.ts';
import type { WireSignatureInfo } from '../api/wire.ts';
import type { SentContent } from './content-inspector.ts';

/** One document to sign. */
export interface DocumentInput<Content = DocumentBytes> extends SignatureOptions {
  content: Content;
  /** File name at the service and in messages. Default: the path's or file's own name, else `document-1.pdf`. */
  name?: string;
  /** Default: by the content, `application/pdf` or `application/xml` (API reference, section 5). */
  contentType?: string;
  /**
   * The external reference: the key by which a document is found again, unique in the whole system. Default: derived from
   * client id, content and {@link DocumentInput.key}, so that the same document is never signed twice.
   */
  reference?: string;
  /** Distinguishes documents with the same content in derived references, for example an invoice number or a path. */
  key?: string;
}

/** Content that is at hand everywhere. */
export type DocumentBytes = Uint8Array | ArrayBuffer | Blob | DocumentSource;

/** A document that passed every check and may be sent. */
export interface PreparedDocument {
  readonly reference: string;
  readonly name: string;
  readonly contentType: string;
  readonly source: DocumentSource;
  /** What the signed content is compared with; absent if contents are not checked. */
  readonly sent?: SentContent;
  readonly signatureInfo: WireSignatureInfo;
}
