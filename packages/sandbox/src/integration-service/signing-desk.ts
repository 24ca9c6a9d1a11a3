import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import type { Counts } from '../admin/counts.ts';
import type { FaultQueue, FaultTarget } from '../faults/fault-queue.ts';
import { SealError, type Sealer } from '../sealer.ts';
import type { SignRequest } from '../wire/sign-request.ts';
import type { ContentStore } from './content-store.ts';
import type { Operation, OperationDocument } from './operation.ts';
import type { OperationStore } from './operation-store.ts';
import type { Usage } from './usage.ts';

export type SealedContents = ReadonlyMap<OperationDocument, Uint8Array>;

/** What the desk works with. */
export interface ExecutorDeps {
  sealer: Sealer;
  operations: OperationStore;
  contents: ContentStore;
  usage: Usage;
  faults: FaultQueue;
  counts: Counts;
}

/** Takes sign requests through their life: registered, executed, at once or later. */
export class OperationExecutor {
  readonly #tools: ExecutorDeps;
  readonly #limit = pLimit(2 * availableParallelism());
  /** Operations that a fault has put off, and how many polls are left to them (undefined: a timer decides). */
  readonly #deferred = new Map<Operation, { target: FaultTarget; polls?: number; timer?: NodeJS.Timeout }>();

  constructor(tools: ExecutorDeps) {
    this.#tools = tools;
  }

  /** From here on the references are known and look-ups find them. */
  register(request: SignRequest, target: FaultTarget): Operation {
    const { operations, usage } = this.#tools;
    usage.refuseIfUsedUp(request.documents.length);
    const operation = operations.register(request, target.service);
    usage.reserve(operation.documents.length);
    return operation;
  }

  /** Seals the documents; with what a fault wants to become of the operation. */
  async execute(operation: Operation, target: FaultTarget): Promise<SealedContents> {
    const fault = this.#tools.faults.takeOutcome(target);
    if (!fault) return this.#seal(operation, target);
    if (fault.kind === 'execution-failed') {
      for (const document of operation.documents)
        this.#fail(document, fault.signError ?? 'SIGN_OPERATION_INTERNAL_ERROR');
      operation.status = 'EXECUTION_FAILED';
    } else {
      operation.status = fault.kind === 'pending' ? 'PENDING_EXECUTION' : 'EXECUTION_ERROR';
      this.#putOffExecution(operation, target, fault);
    }
    return new Map();
  }

  /** Somebody asks how far the operation is: one that was put off may be executed now. */
  async poll(operation: Operation): Promise<void> {
    const late = this.#deferred.get(operation);
    if (late?.polls === undefined) return;
    if (late.polls > 0) {
      late.polls -= 1;
      return;
    }
    this.#deferred.delete(operation);
    await this.#seal(operation, late.target);
  }

  /** Forgets what was put off. */
  cancel(): void {
    for (const { timer } of this.#deferred.values()) clearTimeout(timer);
    this.#deferred.clear();
  }

  #putOffExecution(
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
      void this.#seal(operation, target);
    }, delayMs);
    this.#deferred.set(operation, { target, timer });
  }

  async #seal(operation: Operation, target: FaultTarget): Promise<SealedContents> {
    const started = performance.now();
    const sealed = new Map<OperationDocument, Uint8Array>();
    await Promise.all(
      operation.documents.map((document) =>
        this.#limit(async () => {
          const content = await this.#sealOne(document, target);
          if (!content) return;
          sealed.set(document, content);
          // Content signed through the proxy is not stored (API reference, section 4).
          if (operation.origin === 'saas') this.#tools.contents.put(document, content);
        }),
      ),
    );
    operation.executionTime = Math.round(performance.now() - started);
    operation.status = 'EXECUTED';
    return sealed;
  }

  async #sealOne(document: OperationDocument, target: FaultTarget): Promise<Uint8Array | undefined> {
    const { faults, sealer, counts, usage } = this.#tools;
    const fault = faults.takeDocumentError(target, document.reference);
    if (fault) {
      this.#fail(document, fault.signError ?? 'CERT_SERVICE_GLOBAL_ERROR');
      return undefined;
    }
    try {
      const { contentType, signatureInfo } = document;
      const content = await sealer.seal({ content: document.unsealed!, contentType, signatureInfo });
      document.unsealed = undefined;
      document.sealedLength = content.length;
      document.signStatus = 'SIGNED';
      usage.settle(true);
      counts.sealed(document.reference);
      return content;
    } catch (error) {
      this.#fail(document, error instanceof SealError ? error.signError : 'SIGN_OPERATION_INTERNAL_ERROR');
      return undefined;
    }
  }

  #fail(document: OperationDocument, signError: string): void {
    document.signStatus = 'ERROR_SIGNING';
    document.signError = signError;
    document.unsealed = undefined;
    this.#tools.usage.settle(false);
  }
}
