import { TrustStore } from './certificates/trust.ts';
import { verifyCms } from './cms/verify-cms.ts';
import { verifyPdf } from './pdf/verify-pdf.ts';
import {
  concludeVerdict,
  type Reason,
  reason,
  type SignatureReport,
  toProblem,
  VerificationProblem,
  type VerificationReport,
} from './report.ts';
import type { Context } from './signature.ts';
import { type ByteSource, type DocumentInput, openSource, startsWith } from './source.ts';

const SNIFFED_BYTES = 1024;

/** What to check a document against. */
export interface VerifyOptions {
  /** Certificates that chains may end at. Default: none, so that nothing is more than `valid-but-untrusted`. */
  trust?: TrustStore;
  /**
   * The time to check certificates at. Default: the time of a trusted timestamp, else the time that the signer claims,
   * else now.
   */
  at?: Date;
  /** The document before it was signed: its content is compared, and a detached signature needs it. */
  original?: DocumentInput | undefined;
  /** The user or owner password of an encrypted PDF. Default: the empty one, with which everyone may open it. */
  password?: string | undefined;
  /** The current time, which decides whether a claimed time is plausible. Default: the clock. */
  now?: Date;
  /** Stops reading. */
  signal?: AbortSignal | undefined;
}

/**
 * Verifies the signatures and timestamps of a PDF, CMS or XML document, without using the network.
 *
 * Problems of the document are reported, not thrown. A PDF is read by ranges, so that memory does not grow with its
 * size; a stream is copied to a temporary file first.
 *
 * @param content The bytes, the path, or a stream of the document.
 * @throws {TypeError} If an option is unusable.
 * @throws {Error} If the document cannot be read, with the error code of the file system; or if `signal` is aborted.
 */
export async function verifyDocument(content: DocumentInput, options: VerifyOptions = {}): Promise<VerificationReport> {
  const context = readOptions(options);
  const source = await openSource(content, context.signal);
  try {
    const original = options.original === undefined ? undefined : await openSource(options.original, context.signal);
    try {
      return await verifySource(source, original, context);
    } finally {
      await original?.close();
    }
  } finally {
    await source.close();
  }
}

function readOptions({ trust, at, now, password, signal }: VerifyOptions): Context {
  if (trust !== undefined && !(trust instanceof TrustStore)) {
    throw new TypeError('Invalid "trust": expected a TrustStore');
  }
  for (const [name, value] of Object.entries({ at, now })) {
    if (value !== undefined && (!(value instanceof Date) || Number.isNaN(value.getTime()))) {
      throw new TypeError(`Invalid "${name}": expected a valid Date`);
    }
  }
  if (password !== undefined && typeof password !== 'string') {
    throw new TypeError('Invalid "password": expected a string');
  }
  return { trust: trust ?? new TrustStore([]), at, now: now ?? new Date(), password, signal };
}

async function verifySource(
  source: ByteSource,
  original: ByteSource | undefined,
  context: Context,
): Promise<VerificationReport> {
  const format = await detectFormat(source);
  let signatures: SignatureReport[] = [];
  const reasons: Reason[] = [];
  let isOriginal: boolean | undefined;
  try {
    const result = await verifyFormat(format, source, original, context);
    signatures = result.signatures;
    isOriginal = result.startsWithOriginal;
    reasons.push(...result.reasons, ...signatures.flatMap((signature) => signature.reasons));
    if (signatures.length === 0) reasons.push(reason('invalid', 'no-signature', 'The document is not signed.'));
  } catch (error) {
    context.signal?.throwIfAborted();
    reasons.push(toProblem(error).reason);
  }
  if (original && !isOriginal) {
    const message = 'The document was not made from the given original.';
    reasons.push(reason(isOriginal === false ? 'invalid' : 'note', 'original-mismatch', message));
  }
  return {
    format,
    verdict: concludeVerdict(reasons),
    reasons,
    signatures,
    ...(original && { startsWithOriginal: isOriginal ?? false }),
  };
}

async function verifyFormat(
  format: VerificationReport['format'],
  source: ByteSource,
  original: ByteSource | undefined,
  context: Context,
): Promise<{ signatures: SignatureReport[]; reasons: Reason[]; startsWithOriginal?: boolean }> {
  switch (format) {
    case 'pdf': {
      const startsWithOriginal = original && (await startsWith(source, original, context.signal));
      return { ...(await verifyPdf(source, context)), ...(original && { startsWithOriginal: startsWithOriginal! }) };
    }
    case 'cms': {
      const { content, ...result } = await verifyCms(source, original, context);
      if (!original) return result;
      const startsWithOriginal = !content || content.equals(await original.read(0, original.size));
      return { ...result, startsWithOriginal };
    }
    case 'xml': {
      // Loaded on demand: libxml2 is compiled when it is first imported.
      const { verifyXml } = await import('./xml/verify-xml.ts');
      return verifyXml(source, original, context);
    }
    case 'unknown':
      throw new VerificationProblem(
        'invalid',
        'unknown-format',
        'The document is neither a PDF, nor a CMS signature, nor XML.',
      );
  }
}

async function detectFormat(source: ByteSource): Promise<VerificationReport['format']> {
  const start = await source.read(0, SNIFFED_BYTES);
  const text = start.toString('latin1');
  if (text.startsWith('%PDF-')) return 'pdf';
  if (start[0] === 0x30 && start.length > 2 && (start[1]! >= 0x80 || start[1] === source.size - 2)) return 'cms';
  if (/^\s*-----BEGIN (CMS|PKCS7)-----/.test(text)) return 'cms';
  if (/^(\xef\xbb\xbf)?\s*</.test(text) || text.startsWith('\xff\xfe<') || text.startsWith('\xfe\xff\0<')) return 'xml';
  return 'unknown';
}
