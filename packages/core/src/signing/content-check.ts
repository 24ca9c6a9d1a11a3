import type { DocumentSource } from '../api/request/document-source.ts';
import type { OperationDocument } from '../api/response/operation.ts';
import type { ContentStore, ContentWriter } from '../api/response/signed-content-reader.ts';
import type { SignatureType } from '../api/wire.ts';
import { ConfigurationError, ProtocolError } from '../errors/errors.ts';
import { type OnWarning, warn } from '../utils/warning.ts';
import {
  type ContentFindings,
  ContentInspector,
  type InspectorContext,
  type SentContent,
} from './content-inspector.ts';
import type { PreparedDocument } from './document-input.ts';
import type { SignedOutcome } from './outcome.ts';
import type { Platform } from './platform.ts';
import { sha256Identifier } from './signed-data.ts';

/**
 * How returned contents are checked before they are reported as signed. The check proves that a content is the document that was
 * sent with a signature over all of it; it does not validate the certificate, which `@signstash-connect/verify` does.
 *
 * - `on` (default): a PDF begins with the bytes that were sent, and its last signature covers all of it and has its digest; an XML
 *   file is well-formed and holds a signature; a CAdES file is a CMS SignedData over the bytes that were sent. A PDF that was
 *   rewritten, but is intact otherwise and has the `contentLength` that was sent, is accepted with the warning `CONTENT_REWRITTEN`.
 * - `strict`: the same, without that exception and without contents too large to be checked completely.
 * - `off`: no check. The size limits apply all the same.
 * - A function: `on`, and then the function, for example a full validation. A document for which it returns a text, throws or
 *   rejects is not reported as signed: it fails with `CONTENT_NOT_VALID`.
 *
 * @example Full validation with the verify package
 * ```ts
 * const trust = await TrustStore.fromFiles('issuer-root.pem');
 * createSignStash({
 *   ...access,
 *   contentCheck: ({ content, original }) => checkSigned(content, { level: 'chain', trust, original }),
 * });
 * ```
 */
export type ContentCheckSetting = 'on' | 'strict' | 'off' | ContentCheckFunction;

/** @returns What is wrong with the content, without a full stop at the end; undefined if nothing is. */
export type ContentCheckFunction = (content: ContentToCheck) => Promise<string | undefined> | string | undefined;

/** A returned content that passed the check `on`, or one from a result store. */
export interface ContentToCheck {
  readonly reference: string;
  readonly name: string;
  readonly signatureType: SignatureType;
  readonly operationId: string;
  /** What was sent; absent for a content from a result store. */
  readonly original?: DocumentSource | undefined;
  readonly content: DocumentSource;
}

/**
 * How much larger than what was sent a signed content may be. The service reserves 19 KB; visible seals add their image.
 *
 * - `maxAddedBytes`: bytes on top of what was sent. Default 4 MiB.
 * - `maxAddedRatio`: share of what was sent on top of that. Default 0.1.
 * - `maxFetchedBytes`: bytes of all contents that one call of `operations` fetches into memory. Default 1 GiB.
 */
export interface ContentLimits {
  maxAddedBytes?: number;
  maxAddedRatio?: number;
  maxFetchedBytes?: number;
}

export const defaultContentLimits: Required<ContentLimits> = {
  maxAddedBytes: 4 * 1024 * 1024,
  maxAddedRatio: 0.1,
  maxFetchedBytes: 1024 ** 3,
};

export interface ContentCheckOptions<T> {
  readonly platform: Platform;
  readonly setting: ContentCheckSetting;
  readonly limits: Required<ContentLimits>;
  readonly onWarning: OnWarning | undefined;
  /** See `SignOptions.recoveredContent`. */
  readonly recoveredContent: 'same' | 'any';
  /** Reads a stored content, for a {@link ContentCheckFunction}. */
  readonly openContent: ((content: T) => DocumentSource | Promise<DocumentSource>) | undefined;
}

/** Checks the contents of one request. */
export class ContentCheck<T> {
  readonly #options: ContentCheckOptions<T>;
  readonly #context: InspectorContext;
  readonly #maxBytes: number;
  /** Bytes that all contents together may still have; what is discarded, and fetched again, does not count. */
  #budget: number;
  readonly #findings = new Map<T, ContentFindings>();

  constructor(documents: readonly PreparedDocument[], options: ContentCheckOptions<T>) {
    this.#options = options;
    const limits = documents.map(({ source }) => maxContentBytes(source.size, options.limits));
    this.#maxBytes = Math.max(0, ...limits);
    this.#budget = limits.reduce((sum, limit) => sum + 2 * limit, 0);
    this.#context = {
      platform: options.platform,
      sent: documents.flatMap(({ sent }) => (sent ? [sent] : [])).sort((a, b) => a.size - b.size),
      types: new Set(documents.map(({ signatureInfo }) => signatureInfo.signatureType)),
      buffer: new Uint8Array(0),
    };
  }

  /** A store that inspects contents on their way into another one, and takes no more than the limits allow. */
  wrap(store: ContentStore<T>): ContentStore<T> {
    return () => this.#writer(store());
  }

  /** Forgets a content that belongs to none of the documents. */
  forget(content: T): void {
    this.#budget += this.#findings.get(content)?.size ?? 0;
    this.#findings.delete(content);
  }

  /** @returns What is wrong with the content of a signed document; undefined if it may be reported as signed. */
  async check(outcome: SignedOutcome<T>): Promise<string | undefined> {
    const { document, operationId } = outcome;
    const content = outcome.content as T;
    const findings = this.#findings.get(content);
    this.#findings.delete(content);
    if (!findings) return undefined;
    const problem =
      this.#findProblem(outcome, findings) ?? (await this.#callCheckFunction(document, content, operationId));
    if (problem === undefined) return undefined;
    return `${document.name}: the content that operation ${operationId} returned is not valid: ${problem}.`;
  }

  #findProblem({ document, details, recovered }: SignedOutcome<T>, findings: ContentFindings): string | undefined {
    const { setting, limits, onWarning, recoveredContent } = this.#options;
    const { size } = findings;
    const most = maxContentBytes(document.source.size, limits);
    if (findings.cut || size > most) return `it has more than the ${most} bytes that contentLimits allow`;
    if (setting === 'off') return undefined;
    const strict = setting === 'strict';
    const isAnyContent = recovered && recoveredContent === 'any';
    const verdict = isAnyContent ? judgeAny(document, findings, strict) : judge(document, details, findings, strict);
    if (verdict !== 'rewritten') return verdict;
    const isOther = ({ size, sha256 }: SentContent) =>
      sha256 !== document.sent?.sha256 && findings.prefixes.get(size) === sha256;
    if (this.#context.sent.some(isOther)) return 'it is the signature of another document of the request';
    if (isAnyContent) return undefined;
    const what = `${document.name}: the signed document does not begin with the bytes that were sent`;
    warn(onWarning, 'CONTENT_REWRITTEN', what, 'its signature is intact; set contentCheck to "strict" to refuse it');
    return undefined;
  }

  async #callCheckFunction(document: PreparedDocument, content: T, operationId: string): Promise<string | undefined> {
    const { setting, openContent } = this.#options;
    if (typeof setting !== 'function' || !openContent) return undefined;
    const { reference, name, source: original, signatureInfo } = document;
    const { signatureType } = signatureInfo;
    try {
      const opened = await openContent(content);
      return await setting({ reference, name, signatureType, operationId, original, content: opened });
    } catch (error) {
      return `the contentCheck function failed: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  #writer(inner: ContentWriter<T>): ContentWriter<T> {
    const inspector = this.#options.setting === 'off' ? undefined : new ContentInspector(this.#context);
    let size = 0;
    let taken = 0;
    let cut = false;
    return {
      write: (chunk) => {
        this.#budget -= chunk.byteLength;
        taken += chunk.byteLength;
        if (this.#budget < 0) throw answerTooLarge();
        const part = chunk.subarray(0, this.#maxBytes - size);
        cut ||= part.byteLength < chunk.byteLength;
        size += part.byteLength;
        if (part.byteLength === 0) return;
        inspector?.take(part);
        return inner.write(part);
      },
      finish: async () => {
        const content = await inner.finish();
        const found = inspector?.finish(cut) ?? { ...nothingFound, size, cut };
        // Without any content there is nothing to check; see dropContent.
        if (content !== undefined) this.#findings.set(content, found);
        return content;
      },
      discard: () => {
        this.#budget += taken;
        taken = 0;
        inspector?.release();
        return inner.discard();
      },
    };
  }
}

/** @throws {@link ConfigurationError} naming the setting. */
export function checkContentSettings(setting: ContentCheckSetting, limits: ContentLimits): void {
  if (typeof setting !== 'function' && !['on', 'strict', 'off'].includes(setting)) {
    const message = `Invalid contentCheck "${setting}": expected "on", "strict", "off" or a function.`;
    throw new ConfigurationError('CONFIGURATION_INVALID', 'contentCheck', message);
  }
  for (const [name, value] of Object.entries(limits)) {
    if (typeof value === 'number' && value >= 0) continue;
    const message = `Invalid contentLimits.${name} "${value}": expected a number of at least 0.`;
    throw new ConfigurationError('CONFIGURATION_INVALID', `contentLimits.${name}`, message);
  }
}

/** Bytes that the signed content of a document may have. */
export function maxContentBytes(sentBytes: number, { maxAddedBytes, maxAddedRatio }: Required<ContentLimits>): number {
  return Math.floor(sentBytes * (1 + maxAddedRatio) + maxAddedBytes);
}

const nothingFound: ContentFindings = {
  size: 0,
  head: new Uint8Array(0),
  cut: false,
  prefixes: new Map(),
  pdfEnds: new Set(),
  pdfProblem: undefined,
  pdfDigestUnchecked: false,
  pdfGapStart: 0,
  xmlProblem: undefined,
  signedData: undefined,
};

function judge(
  { source, sent, signatureInfo }: PreparedDocument,
  { contentLength }: OperationDocument,
  findings: ContentFindings,
  strict: boolean,
): string | 'rewritten' | undefined {
  const { size, head } = findings;
  const start = new TextDecoder('latin1').decode(head);
  if (size === 0) return 'it is empty';
  if (sent && size === sent.size && findings.prefixes.get(size) === sent.sha256)
    return 'it is the document that was sent';
  if (isWebPage(start)) return 'it is a web page';
  const foreign = contentLength !== undefined && contentLength !== source.size;
  const another = `the service says that it signed ${contentLength} bytes, but ${source.size} were sent`;
  switch (signatureInfo.signatureType) {
    case 'PAdES': {
      if (!start.includes('%PDF-')) return 'it is not a PDF file';
      if (size <= source.size) return `it has ${size} bytes, not more than the ${source.size} that were sent`;
      if (findings.pdfProblem !== undefined) return findings.pdfProblem;
      if (strict && findings.pdfDigestUnchecked) return 'its digest cannot be checked: it is not SHA-256';
      if (sent && findings.prefixes.get(sent.size) === sent.sha256) {
        return findings.pdfGapStart < sent.size ? 'its signature is not new' : undefined;
      }
      if (foreign) return another;
      const rewritten =
        contentLength === source.size && start.startsWith('%PDF-') && !findings.pdfEnds.has(source.size);
      return rewritten && !strict ? 'rewritten' : 'it does not begin with the bytes that were sent';
    }
    case 'XAdES':
      return findings.xmlProblem ?? (foreign ? another : undefined);
    default: {
      const { signedData } = findings;
      if (signedData === undefined) return 'it is not a CMS SignedData';
      if (foreign) return another;
      const known = signedData !== 'unread' && signedData.digestAlgorithm === sha256Identifier;
      if (!known) return strict ? 'its digest cannot be checked' : undefined;
      return sent && signedData.messageDigest !== sent.sha256 ? 'it signs other bytes than were sent' : undefined;
    }
  }
}

/** Judges the content of an earlier version of a document. */
function judgeAny(
  { sent, signatureInfo }: PreparedDocument,
  findings: ContentFindings,
  strict: boolean,
): string | 'rewritten' | undefined {
  const { size, head, pdfProblem, xmlProblem, signedData, prefixes } = findings;
  if (size === 0) return 'it is empty';
  if (sent && size === sent.size && prefixes.get(size) === sent.sha256) return 'it is the document that was sent';
  const start = new TextDecoder('latin1').decode(head);
  if (isWebPage(start)) return 'it is a web page';
  switch (signatureInfo.signatureType) {
    case 'PAdES':
      if (!start.includes('%PDF-')) return 'it is not a PDF file';
      if (pdfProblem !== undefined) return pdfProblem;
      return strict && findings.pdfDigestUnchecked ? 'its digest cannot be checked: it is not SHA-256' : 'rewritten';
    case 'XAdES':
      return xmlProblem;
    default:
      return signedData === undefined ? 'it is not a CMS SignedData' : undefined;
  }
}

function isWebPage(start: string): boolean {
  const text = start.trimStart().toLowerCase();
  return text.startsWith('<!doctype html') || text.startsWith('<html');
}

const answerTooLarge = () =>
  new ProtocolError(
    'PROTOCOL_UNEXPECTED',
    'The signed contents are far larger than contentLimits allow; the rest of the answer was not read.',
  );
