import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import type { Counts } from '../admin/counts.ts';
import type { FaultQueue, FaultTarget } from '../faults/fault-queue.ts';
import { type Signer, SigningError } from '../signer.ts';
import { ApiError, describeErrorCode } from '../wire/api-error.ts';
import type { SignRequest } from '../wire/sign-request.ts';
import type { ContentStore } from './content-store.ts';
import type { Operation, OperationDocument } from './operation.ts';
import type { OperationStore } from './operation-store.ts';
import type { Usage } from './usage.ts';

export type SignedContents = ReadonlyMap<OperationDocument, Uint8Array>;

/** Dependencies of the executor. */
export interface ExecutorDeps {
  signer: Signer;
  operations: OperationStore;
  contents: ContentStore;
  usage: Usage;
  faults: FaultQueue;
  counts: Counts;
}

/** Registers sign requests and executes them, immediately or later. */
export class OperationExecutor {
  readonly #deps: ExecutorDeps;
  readonly #limit = pLimit(2 * availableParallelism());
  /** Operations that a fault has deferred, and how many polls they have left (undefined: a timer decides). */
  readonly #deferred = new Map<Operation, { target: FaultTarget; polls?: number; timer?: NodeJS.Timeout }>();

  constructor(deps: ExecutorDeps) {
    this.#deps = deps;
  }

  /** Registers the references, which look-ups find from now on. */
  register(request: SignRequest, target: FaultTarget): Operation {
    const { operations, usage, faults } = this.#deps;
    usage.refuseIfUsedUp(request.documents.length);
    this.#refuseByFault(request, target);
    const operation = operations.register(request, target.service);
    const blind = faults.takeKind(target, 'lookup-blind');
    if (blind) operation.visibleFrom = Date.now() + blind.delayMs;
    if (faults.takeKind(target, 'hash-folder')) operation.hashesOnly = true;
    usage.reserve(operation.documents.length);
    return operation;
  }

  /** Signs the documents, with the outcome that a fault sets. */
  async execute(operation: Operation, target: FaultTarget): Promise<SignedContents> {
    const fault = this.#deps.faults.takeOutcome(target);
    if (!fault) return this.#sign(operation, target);
    if (fault.kind === 'execution-failed') {
      for (const document of operation.documents)
        this.#fail(document, fault.signError ?? 'SIGN_OPERATION_INTERNAL_ERROR');
      operation.status = 'EXECUTION_FAILED';
    } else {
      operation.status = fault.kind === 'pending' ? 'PENDING_EXECUTION' : 'EXECUTION_ERROR';
      this.#deferExecution(operation, target, fault);
    }
    return new Map();
  }

  /** Called for each status or detail request: a deferred operation may be executed now. */
  async poll(operation: Operation): Promise<void> {
    const late = this.#deferred.get(operation);
    if (late?.polls === undefined) return;
    if (late.polls > 0) {
      late.polls -= 1;
      return;
    }
    this.#deferred.delete(operation);
    await this.#sign(operation, late.target);
  }

  /** Clears deferred operations. */
  cancel(): void {
    for (const { timer } of this.#deferred.values()) clearTimeout(timer);
    this.#deferred.clear();
  }

  /** Whole-request refusals for one of its documents. */
  #refuseByFault({ documents }: SignRequest, target: FaultTarget): void {
    for (const { documentRequest } of documents) {
      const { externalReference, name } = documentRequest;
      const fault = this.#deps.faults.takeForDocument(target, 'refuse-document', externalReference);
      if (!fault) continue;
      const { errorCode = '2.2.1', names = 'name' } = fault;
      const { status, description } = describeErrorCode(errorCode);
      const named = { name: `Document ${name}: `, reference: `${externalReference}: `, nothing: '' }[names];
      throw new ApiError(fault.status ?? status, errorCode, description, `${named}refused by the sandbox.`);
    }
  }

  #deferExecution(
    operation: Operation,
    target: FaultTarget,
    { delayMs, pollsUntilExecuted = 1 }: { delayMs?: number; pollsUntilExecuted?: number },
  ): void {
    if (delayMs === undefined) {
      this.#deferred.set(operation, { target, polls: pollsUntilExecuted });
      return;
    }
    const timer = setTimeout(() => {
      this.#deferred.delete(operation);
      void this.#sign(operation, target);
    }, delayMs);
    this.#deferred.set(operation, { target, timer });
  }

  async #sign(operation: Operation, target: FaultTarget): Promise<SignedContents> {
    const started = performance.now();
    const signed = new Map<OperationDocument, Uint8Array>();
    await Promise.all(
      operation.documents.map((document) =>
        this.#limit(async () => {
          const content = await this.#signOne(document, target);
          if (!content) return;
          signed.set(document, content);
          // Content signed through the proxy is not stored (API reference, section 4).
          if (!operation.hashesOnly) this.#deps.contents.put(document, content);
        }),
      ),
    );
    operation.executionTime = Math.round(performance.now() - started);
    operation.status = 'EXECUTED';
    return signed;
  }

  async #signOne(document: OperationDocument, target: FaultTarget): Promise<Uint8Array | undefined> {
    const { faults, signer, counts, usage } = this.#deps;
    const fault = faults.takeForDocument(target, 'document-error', document.reference);
    if (fault) {
      this.#fail(document, fault.signError ?? 'CERT_SERVICE_GLOBAL_ERROR');
      return undefined;
    }
    try {
      const { contentType, signatureInfo } = document;
      const content = await signer.sign({ content: document.unsigned!, contentType, signatureInfo });
      this.#release(document);
      document.signStatus = 'SIGNED';
      usage.settle(true);
      counts.signed(document.reference);
      return content;
    } catch (error) {
      this.#fail(document, error instanceof SigningError ? error.signError : 'SIGN_OPERATION_INTERNAL_ERROR');
      return undefined;
    }
  }

  #fail(document: OperationDocument, signError: string): void {
    document.signStatus = 'ERROR_SIGNING';
    document.signError = signError;
    this.#release(document);
    this.#deps.usage.settle(false);
  }

  #release(document: OperationDocument): void {
    if (document.unsigned && this.#deps.faults.isWaiting('wrong-content')) document.original = document.unsigned;
    document.unsigned = undefined;
  }
}
