/** Details of an adapter's own error. */
export interface AdapterErrorDetails {
  /** One line that says what failed. */
  title: string;
  /** What to do next. */
  hint: string;
  /** The status to answer with over HTTP. Default 500. */
  httpStatus?: number;
  /** Whether the message may be shown to a remote caller. Default: if the status is below 500. */
  expose?: boolean;
  /** The setting concerned, by its name in the kit. */
  setting?: string;
  references?: readonly string[];
  operationId?: string;
  cause?: unknown;
}

const brand: unique symbol = Symbol.for('@signstash-connect/core/adapter-error') as never;

/** An error raised by an adapter, with its own code; `describeError` describes it like core's errors. */
export class AdapterError extends Error {
  readonly [brand] = true;
  /** Stable, in upper case. */
  readonly code: string;
  readonly details: AdapterErrorDetails;

  constructor(code: string, message: string, details: AdapterErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    Object.defineProperty(this, 'name', { value: 'AdapterError', configurable: true });
    this.code = code;
    this.details = details;
  }
}

/** True also for errors from another copy of this package. */
export const isAdapterError = (error: unknown): error is AdapterError =>
  typeof error === 'object' && error !== null && brand in error;
