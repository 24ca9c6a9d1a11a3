import { bytesSource } from '../api/request/document-source.ts';
import type { SignatureType } from '../api/wire.ts';
import { DocumentFailedError } from '../errors/errors.ts';
import type { SignOptions } from '../signing/client.ts';
import type { ContentCheckSetting } from '../signing/content-check.ts';
import type { DocumentInput } from '../signing/document-input.ts';
import type { SignedDocument, SignResult } from '../signing/results.ts';
import type { ResultStore } from './result-store.ts';

/** The part of a client that is used. */
export interface SigningClient<Content> {
  signMany(documents: readonly DocumentInput<Content>[], options?: SignOptions): Promise<SignResult[]>;
}

export interface ResultStoreWarning {
  code: 'RESULT_STORE_FAILED';
  message: string;
}

/**
 * Signs through a client and keeps every signed content in a {@link ResultStore}, so that a document that was signed earlier is
 * answered from the store instead of failing with `CONTENT_UNAVAILABLE`.
 *
 * A document with an explicit `reference` is looked up in the store first and, if found there, neither sent nor asked for: the
 * reference identifies it, whatever its new content is. Calls for the same reference in this process run one after the other, so
 * that the second finds what the first has stored. A store that fails never fails a signature; `onWarning` is told.
 *
 * If `contentCheck` is a function, it also checks what the store returns, where another setting may have applied.
 */
export class ResultKeeper {
  readonly #store: ResultStore;
  readonly #onWarning: ((warning: ResultStoreWarning) => void) | undefined;
  readonly #contentCheck: ContentCheckSetting | undefined;
  /** The last call per explicit reference; never rejects. */
  readonly #queues = new Map<string, Promise<unknown>>();

  /** @param contentCheck - That of the client, for calls without their own. */
  constructor(
    store: ResultStore,
    onWarning?: (warning: ResultStoreWarning) => void,
    contentCheck?: ContentCheckSetting,
  ) {
    this.#store = store;
    this.#onWarning = onWarning;
    this.#contentCheck = contentCheck;
  }

  /**
   * As the client's `sign`.
   *
   * @throws Everything that the client throws.
   */
  async sign<Content>(
    client: SigningClient<Content>,
    document: DocumentInput<Content>,
    options: SignOptions = {},
  ): Promise<SignedDocument> {
    const [result] = await this.signMany(client, [document], options);
    if (!result?.ok) throw result?.error;
    return result;
  }

  /**
   * As the client's `signMany`.
   *
   * @throws Everything that the client throws.
   */
  async signMany<Content>(
    client: SigningClient<Content>,
    documents: readonly DocumentInput<Content>[],
    options: SignOptions = {},
  ): Promise<SignResult[]> {
    const references = documents.flatMap(({ reference }) => (reference === undefined ? [] : [reference]));
    return this.#oneAtATime(references, async () => {
      const { contentCheck = this.#contentCheck } = options;
      const stored = await Promise.all(documents.map((document) => this.#findStored(document, contentCheck)));
      const missing = documents.filter((_, index) => stored[index] === undefined);
      const signed = missing.length === 0 && documents.length > 0 ? [] : await client.signMany(missing, options);
      const results = await Promise.all(signed.map((result) => this.#keepOrRestore(result, contentCheck)));
      return stored.map((found) => found ?? (results.shift() as SignResult));
    });
  }

  async #findStored(
    { reference, name, contentType }: DocumentInput<unknown>,
    check: ContentCheckSetting | undefined,
  ): Promise<SignResult | undefined> {
    if (reference === undefined) return undefined;
    const stored = await this.#guard(`read ${reference}`, () => this.#store.get(reference));
    if (!stored) return undefined;
    return checkStored(restored(reference, name ?? reference, contentType, stored.operationId, stored.content), check);
  }

  /** Restores a document that was signed earlier but whose content the service cannot return. */
  async #keepOrRestore(result: SignResult, check: ContentCheckSetting | undefined): Promise<SignResult> {
    const { reference, name } = result;
    if (result.ok) {
      const { operationId, content } = result;
      await this.#guard(`store ${reference}`, async () => this.#store.set(reference, { operationId, content }));
      return result;
    }
    if (result.error.code !== 'CONTENT_UNAVAILABLE' && result.error.code !== 'OUTCOME_UNKNOWN') return result;
    const stored = await this.#guard(`read ${reference}`, () => this.#store.get(reference));
    if (!stored) return result;
    return checkStored(restored(reference, name, undefined, stored.operationId, stored.content), check);
  }

  async #oneAtATime<T>(references: readonly string[], work: () => Promise<T>): Promise<T> {
    const earlier = references.map((reference) => this.#queues.get(reference));
    const run = Promise.all(earlier).then(work);
    const settled = run.catch(() => undefined);
    for (const reference of references) this.#queues.set(reference, settled);
    try {
      return await run;
    } finally {
      for (const reference of references) {
        if (this.#queues.get(reference) === settled) this.#queues.delete(reference);
      }
    }
  }

  async #guard<T>(what: string, work: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#onWarning?.({ code: 'RESULT_STORE_FAILED', message: `The result store could not ${what}: ${reason}` });
      return undefined;
    }
  }
}

function restored(
  reference: string,
  name: string,
  contentType: string | undefined,
  operationId: string,
  content: Uint8Array,
): SignedDocument {
  const type = contentType ?? typeOf(content);
  const document = { reference, name, contentType: type, status: 'SIGNED' as const, content, raw: {} };
  return { ok: true, reference, name, contentType: type, operationId, content, recovered: true, document };
}

/** Never rejects: a document whose check fails for any reason is not returned. */
async function checkStored(result: SignedDocument, check: ContentCheckSetting | undefined): Promise<SignResult> {
  if (typeof check !== 'function') return result;
  const { reference, name, operationId, contentType } = result;
  const signatureType = signatureTypes[contentType] ?? 'CAdES';
  const content = bytesSource(result.content);
  const problem = await (async () => check({ reference, name, signatureType, operationId, content }))().catch(
    (error: unknown) => `the check failed: ${error instanceof Error ? error.message : String(error)}`,
  );
  if (problem === undefined) return result;
  const message = `${name}: the stored content of operation ${operationId} is not valid: ${problem}.`;
  const details = { operationId, references: [reference], document: name };
  return { ok: false, reference, name, error: new DocumentFailedError('CONTENT_NOT_VALID', message, details) };
}

const signatureTypes: Readonly<Record<string, SignatureType>> = {
  'application/pdf': 'PAdES',
  'application/xml': 'XAdES',
};

function typeOf(content: Uint8Array): string {
  const start = new TextDecoder('latin1').decode(content.subarray(0, 1024));
  if (start.includes('%PDF-')) return 'application/pdf';
  return start.trimStart().startsWith('<') ? 'application/xml' : 'application/octet-stream';
}
