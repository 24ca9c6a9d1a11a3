import { isSignStashError, type SignStashError } from '../errors/errors.ts';
import { redact } from '../errors/redact.ts';
import type { Warning } from '../utils/warning.ts';
import type { PreparedDocument } from './document-input.ts';
import type {
  Hooks,
  Logger,
  RequestEvent,
  ResponseEvent,
  RetryEvent,
  SignedEvent,
  TokenIssuedEvent,
  TraceChannel,
  Tracing,
} from './hooks.ts';
import type { Outcome } from './outcome.ts';

export interface TelemetryOptions {
  readonly hooks?: Hooks | undefined;
  readonly loggers?: readonly Logger[] | undefined;
  readonly tracing?: Tracing | undefined;
  /** Values that must not appear in any event, such as the client secret. */
  readonly secrets?: readonly string[] | undefined;
}

/** Filled in while a request runs. */
export type RequestContext = { -readonly [K in keyof RequestEvent]: RequestEvent[K] } & { status?: number };

/** Reports what a client does to hooks, loggers and tracing. Redacts every event and never fails a call. */
export class Telemetry {
  readonly #hooks: Hooks;
  readonly #loggers: readonly Logger[];
  readonly #tracing: Tracing | undefined;
  readonly #secrets: readonly string[];
  #requests = 0;

  constructor({ hooks = {}, loggers = [], tracing, secrets = [] }: TelemetryOptions = {}) {
    this.#hooks = hooks;
    this.#loggers = loggers;
    this.#tracing = tracing;
    this.#secrets = secrets;
  }

  /** Runs one HTTP request, its answer included; `work` sets the status in the context. */
  async request<R>(event: Omit<RequestEvent, 'id'>, work: (context: RequestContext) => Promise<R>): Promise<R> {
    const context: RequestContext = this.#redacted({ id: ++this.#requests, ...event, url: withoutQuery(event.url) });
    const { id, method, url } = context;
    this.#call('onRequest', { ...context });
    this.#log('debug', `request ${id}: ${method} ${url}`, context);
    const startedAt = Date.now();
    const ended = (code?: SignStashError['code']) => {
      const response: ResponseEvent = { ...context, ...(code ? { code } : {}), durationMs: Date.now() - startedAt };
      this.#call('onResponse', response);
      const result = [context.status, code].filter((part) => part !== undefined).join(' ');
      this.#log('debug', `response ${id}: ${result} after ${response.durationMs} ms`, response);
    };
    try {
      const result = await this.#trace('request', context, () => work(context));
      ended();
      return result;
    } catch (error) {
      ended(isSignStashError(error) ? error.code : undefined);
      throw error;
    }
  }

  /** Requests one token. */
  async token<T extends { readonly expiresAt: number }>(tokenUrl: string, work: () => Promise<T>): Promise<T> {
    const context: { url: string; expiresAt?: number } = this.#redacted({ url: withoutQuery(tokenUrl) });
    const startedAt = Date.now();
    const token = await this.#trace('token', context, async () => {
      const issued = await work();
      context.expiresAt = issued.expiresAt;
      return issued;
    });
    const { expiresAt } = token;
    const event: TokenIssuedEvent = { url: context.url, expiresAt, durationMs: Date.now() - startedAt };
    this.#call('onTokenIssued', event);
    this.#log('debug', `new token from ${event.url}, expires ${new Date(expiresAt).toISOString()}`, event);
    return token;
  }

  readonly retry = (event: RetryEvent): void => {
    this.#call('onRetry', event);
    const { call, attempt, delayMs, code, message } = event;
    const text = `${call}: attempt ${attempt} failed (${code}: ${message}), retrying in ${Math.round(delayMs)} ms`;
    this.#log('info', text, event);
  };

  readonly warning = (warning: Warning): void => {
    this.#call('onWarning', warning);
    this.#log('warn', `${warning.code}: ${warning.message}`, warning);
  };

  /**
   * Follows a group of documents from here on.
   *
   * @returns `report`, to be called with the outcome of each document, and `ended`, which settles when all of it is published.
   */
  signing<T>(documents: readonly PreparedDocument[]) {
    const startedAt = Date.now();
    const traces = this.#tracing?.isEnabled('sign')
      ? new Map(documents.map((document) => [document.reference, this.#document(document)]))
      : undefined;
    return {
      report: (outcome: Outcome<T>): void => {
        const { reference, name } = outcome.document;
        traces?.get(reference)?.settle(outcome);
        if (!outcome.signed) {
          const { code, message } = outcome.error;
          this.#log('error', `${name} was not signed: ${code}: ${message}`, { reference, name, code, message });
          return;
        }
        const { operationId, recovered } = outcome;
        const event: SignedEvent = { reference, name, operationId, recovered, durationMs: Date.now() - startedAt };
        if (recovered) this.#call('onRecovered', event);
        this.#call('onSigned', event);
        this.#log('info', `${name} ${recovered ? 'was signed before' : 'signed'}: operation ${operationId}`, event);
      },
      ended: (): Promise<unknown> => Promise.all([...(traces?.values() ?? [])].map(({ ended }) => ended)),
    };
  }

  #document({ reference, name, contentType, source }: PreparedDocument) {
    const context = this.#redacted({ reference, name, contentType, bytes: source.size });
    let settle!: (outcome: Outcome<unknown>) => void;
    const settled = new Promise<Outcome<unknown>>((resolve) => {
      settle = resolve;
    });
    const ended = this.#trace('sign', context, async () => {
      const outcome = await settled;
      if (!outcome.signed) throw outcome.error;
      Object.assign(context, { operationId: outcome.operationId, recovered: outcome.recovered });
    }).catch(() => {
      // The caller receives the outcome in any case.
    });
    return { settle, ended };
  }

  #trace<R>(channel: TraceChannel, context: object, work: () => Promise<R>): Promise<R> {
    return this.#tracing?.isEnabled(channel) ? this.#tracing.trace(channel, context, work) : work();
  }

  #call<E extends object>(name: keyof Hooks, event: E): void {
    const hook = this.#hooks[name] as ((event: E) => unknown) | undefined;
    if (hook) ignoreFailure(() => hook(this.#redacted(event)));
  }

  #log(level: keyof Logger, message: string, details: object): void {
    if (this.#loggers.length === 0) return;
    const text = redact(`signstash: ${message}`, this.#secrets);
    for (const logger of this.#loggers) ignoreFailure(() => logger[level](text, this.#redacted(details)));
  }

  /** A copy in which no text contains a secret. */
  #redacted<E extends object>(event: E): E {
    const clean = (value: unknown): unknown => {
      if (typeof value === 'string') return redact(value, this.#secrets);
      return Array.isArray(value) ? value.map(clean) : value;
    };
    return Object.fromEntries(Object.entries(event).map(([key, value]) => [key, clean(value)])) as E;
  }
}

/** A hook or logger that fails must not fail the call. */
function ignoreFailure(call: () => unknown): void {
  try {
    const returned = call();
    if (returned instanceof Promise) returned.catch(() => {});
  } catch {
    // See above.
  }
}

const withoutQuery = (url: string) => url.replace(/[?#].*$/s, '');
