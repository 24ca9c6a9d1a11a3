import { Counts } from './admin/counts.ts';
import { RequestLog } from './admin/request-log.ts';
import { SchemaViolations } from './admin/schema-violations.ts';
import { TokenIssuer } from './authorization-server/token-issuer.ts';
import { FaultQueue } from './faults/fault-queue.ts';
import { ParallelRequests } from './faults/parallel-requests.ts';
import { AnsweredContent } from './integration-service/answered-content.ts';
import { ContentStore } from './integration-service/content-store.ts';
import { OperationExecutor } from './integration-service/operation-executor.ts';
import { OperationStore } from './integration-service/operation-store.ts';
import { Usage } from './integration-service/usage.ts';
import type { ViewContext } from './integration-service/views.ts';
import type { ResolvedOptions } from './options.ts';
import type { Signer } from './signer.ts';
import { serviceDates } from './wire/service-dates.ts';

/** The state of a running sandbox. */
export class SandboxState {
  readonly options: ResolvedOptions;
  readonly tokens: TokenIssuer;
  readonly operations: OperationStore;
  readonly contents: ContentStore;
  readonly usage: Usage;
  readonly executor: OperationExecutor;
  readonly answeredContent: AnsweredContent;
  readonly view: ViewContext;
  readonly counts = new Counts();
  readonly violations = new SchemaViolations();
  readonly parallel = new ParallelRequests();
  readonly log = new RequestLog();
  readonly faults = new FaultQueue();
  /** Fires when the sandbox closes, so that no delayed answer outlives it. */
  readonly closing = new AbortController();

  /** Its own address, once it listens. */
  url = '';

  constructor(options: ResolvedOptions, signer: Signer) {
    this.options = options;
    this.tokens = new TokenIssuer(options);
    this.operations = new OperationStore(options);
    this.contents = new ContentStore(options.maxStoredBytes);
    this.usage = new Usage(options.limitUsageCount);
    this.view = {
      clientId: options.clientId,
      usage: this.usage,
      dates: serviceDates(options.dates),
      faults: this.faults,
    };
    this.answeredContent = new AnsweredContent(this.faults, this.contents);
    this.executor = new OperationExecutor({ ...this, signer });
  }

  /** Clears everything except the certificate authority. */
  reset(): void {
    for (const part of [this.operations, this.contents, this.tokens]) part.forgetAll();
    for (const part of [this.faults, this.log, this.violations]) part.clear();
    for (const part of [this.counts, this.usage]) part.reset();
    this.executor.cancel();
  }

  close(): void {
    this.closing.abort();
    this.executor.cancel();
  }
}
