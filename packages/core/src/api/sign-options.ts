import type { SignatureType, WireAdvancedSignatureInfo } from './wire.ts';

/** How a document is signed. Everything has a default: `{}` signs a PDF with PAdES, an XML file with XAdES, invisibly. */
export interface SignatureOptions {
  /** Default: `PAdES` for a PDF, `XAdES` for XML. `CAdES` signs any bytes. (API reference, section 5) */
  type?: SignatureType;
  /** Shown by PDF readers. PAdES only. */
  reason?: string;
  /** Shown by PDF readers. PAdES only. */
  location?: string;
  /** Whether to add a timestamp. Default false: it may be charged. */
  timestamp?: boolean;
  /** Adds a visible seal to a page. PAdES only; default: invisible. */
  visible?: VisibleSeal;
  /** Where and how the signature goes into an XML document. XAdES only. */
  xml?: XmlSignature;
}

/** A visible seal (API reference, section 5: `visibleSignatureInfo`). */
export interface VisibleSeal {
  /** Velocity text such as `Digitally signed by $certificate.getCommonName()`, or the service's own template. */
  template: string | { service: true };
  /** Where: a point on a page, an empty signature field, or a word of the text. */
  at: SealPosition;
  /** In points of 1/72 inch; at least as large as the image in pixels, or the service refuses the request. */
  area?: { width: number; height: number };
  /** `#RRGGBB` or `transparent`. */
  background?: string;
  /** The service draws black only; the size is in points. */
  font?: { size: number; color?: string };
  image?: { type: 'png' | 'jpg'; bytes: Uint8Array };
}

export type SealPosition =
  /**
   * `page` counts from 1; `x` and `y` in points: `x` from the left edge, `y` from the top of the page to the top of the area. The
   * vendor's text says "lower left", files signed by the service show the top (API reference, section 5).
   */
  | { page: number; x: number; y: number }
  /** Name of an empty signature field. */
  | { field: string }
  /**
   * A word of the document's text: the area is placed below the lower left corner of its first occurrence. If it does not occur,
   * the service fails the document.
   */
  | { placeholder: string };

export interface XmlSignature {
  /** The parent element that takes the signature. */
  parentElement?: string;
  transform?: NonNullable<WireAdvancedSignatureInfo['signatureTransform']>;
  canonicalization?: NonNullable<WireAdvancedSignatureInfo['canonicalTransform']>;
}

/** Archiving and delivery by the service (API reference, section 5: `preservationInfo`). */
export interface Preservation {
  /** Whether the service keeps the content. */
  preserveContent: boolean;
  /** Sends the signed documents, or a link to them, by e-mail. */
  delivery?: { receivers: readonly string[]; attachDocuments?: boolean };
}
