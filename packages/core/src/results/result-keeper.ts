import { bytesSource } from '../api/request/document-source.ts';
import type { SignatureType } from '../api/wire.ts';
import { DocumentFailedError } from '../errors/errors.ts';
import type { SignOptions } from '../signing/client.ts';
import type { ContentCheckSetting } from '../signing/content-check.ts';
import type { DocumentInput, PreparedDocument } from '../signing/document-input.ts';
import type { Outcome, SignedOutcome } from '../signing/outcome.ts';
import type { SignedDocument, SignResult } from '../signing/results.ts';
import type { SignRun } from '../signing/sign-exactly-once.ts';
import type { ResultStore, StoredResult } from './result-store.ts';

/** The part of a client that is used. */
export interface SigningClient<Content> {
  /** @param settle - Called with each result while its reference is still locked; what it resolves to becomes the result. */
  signMany(
    documents: readonly DocumentInput<Content>[],
    options: SignOptions,
    settle: (result: SignResult) => Promise<SignResult>,
  ): Promise<SignResult[]>;
}

export interface ResultStoreWarning {
  code: 'RESULT_STORE_FAILED';
  message: string;
}

/**
 * Signs through a client and keeps every signed content in a {@link ResultStore}, so that a document that was signed earlier is
 * answered from the store instead of failing with `CONTENT_UNAVAILABLE`.
 *
 * A document with an explicit `reference` is looked up in the store first and, if found there, neither sent nor looked up: the
 * reference identifies it, whatever its new content is. Calls for the same reference in this process run one after the other, so
 * that the second finds what the first has stored. A failing store never fails a signature; it is reported to `onWarning`.
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
      if (missing.length === 0 && documents.length > 0) return stored as SignResult[];
      // Under the lock, so that another process that waits for the reference finds the content in a store that both share.
      const results = await client.signMany(missing, options, (result) => this.#keepOrRestore(result, contentCheck));
      return stored.map((found) => found ?? (results.shift() as SignResult));
    });
  }

  /** Whether a document can be restored. */
  async has(reference: string): Promise<boolean> {
    return (await this.#find(reference)) !== undefined;
  }

  /**
   * As the client's `signPreparedWith`, for a batch. Contents are stored before they are reported; one at a time, so that the memory
   * for them does not depend on the size of the request.
   */
  async signPreparedWith<T>(
    documents: readonly PreparedDocument[],
    run: SignRun<T>,
    { contentCheck = this.#contentCheck }: SignOptions,
    sign: (missing: readonly PreparedDocument[], run: SignRun<T>) => Promise<void>,
  ): Promise<void> {
    const missing: PreparedDocument[] = [];
    for (const document of documents) {
      const stored = await this.#find(document.reference);
      if (stored) run.onOutcome(await restoredOutcome(document, stored, run, contentCheck));
      else missing.push(document);
    }
    if (missing.length === 0) return;
    const signed: SignedOutcome<T>[] = [];
    await sign(missing, {
      ...run,
      onOutcome: (outcome) => {
        if (outcome.signed) signed.push(outcome);
        else run.onOutcome(outcome);
      },
    });
    for (const outcome of signed) {
      await this.#storeOutcome(outcome, run);
      run.onOutcome(outcome);
    }
  }

  async #storeOutcome<T>(
    { document: { reference }, operationId, content }: SignedOutcome<T>,
    { openContent }: SignRun<T>,
  ): Promise<void> {
    if (content === undefined || !openContent) return;
    await this.#guard(`store ${reference}`, async () => {
      const source = await openContent(content);
      const chunks: Uint8Array[] = [];
      for await (const chunk of source.read()) chunks.push(chunk.slice());
      return this.#store.set(reference, { operationId, content: Buffer.concat(chunks) });
    });
  }

  #find(reference: string): Promise<StoredResult | undefined> {
    return this.#guard(`read ${reference}`, () => this.#store.get(reference));
  }

  async #findStored(
    { reference, name, contentType }: DocumentInput<unknown>,
    check: ContentCheckSetting | undefined,
  ): Promise<SignResult | undefined> {
    if (reference === undefined) return undefined;
    const stored = await this.#find(reference);
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
    const stored = await this.#find(reference);
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

async function restoredOutcome<T>(
  document: PreparedDocument,
  { operationId, content: bytes }: StoredResult,
  { store }: SignRun<T>,
  check: ContentCheckSetting | undefined,
): Promise<Outcome<T>> {
  const { reference, name } = document;
  const checked = await checkStored(restored(reference, name, undefined, operationId, bytes), check);
  if (!checked.ok) return { signed: false, document, error: checked.error };
  const writer = store?.();
  await writer?.write(bytes);
  const content = await writer?.finish();
  const details = { reference, name, contentType: typeOf(bytes), status: 'SIGNED' as const, raw: {} };
  return { signed: true, document, operationId, content, details, recovered: true };
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
