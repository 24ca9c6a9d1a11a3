import { type ErrorCode, type ErrorCodeFacts, errorCodes } from '../errors/codes.ts';
import { isSignStashError, type SignStashError } from '../errors/errors.ts';
import { redact } from '../errors/redact.ts';
import { isAdapterError } from './adapter-error.ts';
import { errorTexts, httpStatusByFamily, publicDetails, titleByFamily, unreachableTokenHint } from './error-table.ts';
import type { NameOf } from './setting-reader.ts';

/** An error as a platform shows it. Contains no secret. */
export interface ErrorDescription {
  /** One line that says what failed. */
  title: string;
  /** What happened, on which document or setting. */
  detail: string;
  /** What to do next, with the platform's names for settings. */
  hint: string;
  /** Stable: a code of core, an adapter's own, or `UNEXPECTED`. */
  code: string;
  /** The status that your server should send to its caller; not the status that the service sent. */
  httpStatus: number;
  /** True if {@link detail} mentions only what the caller sent, so that a server may show it. */
  expose: boolean;
  /** Shown to a remote caller: {@link detail} if it may be exposed, else a text for the status. */
  publicDetail: string;
  /** Seconds, if waiting helps. */
  retryAfterSeconds?: number;
  /** The platform's name of the setting concerned. */
  setting?: string;
  operationId?: string;
  references?: readonly string[];
}

export interface DescribeErrorOptions {
  /** Default: hints name no settings, and {@link ErrorDescription.setting} is the name in the kit. */
  nameOf?: NameOf;
  /**
   * What to do if the same work may simply be run again, such as `Run the job again: …`. Default:
   * {@link defaultRetryAdvice}.
   */
  retryAdvice?: string;
}

/** Repeating is safe by default: every reference is looked up before anything is sent. */
export const defaultRetryAdvice = 'Try again: documents already signed are retrieved, not signed or charged again.';

/** For answers with 503 if the service did not say how long to wait. */
const defaultRetrySeconds = 30;

/** Turns any error into the texts and values that a platform shows. The only place where adapters describe errors. */
export function describeError(error: unknown, options: DescribeErrorOptions = {}): ErrorDescription {
  if (isSignStashError(error)) return describeCoreError(error, options);
  const { nameOf } = options;
  if (isAdapterError(error)) {
    const { title, hint, httpStatus = 500, setting, references, operationId } = error.details;
    const expose = error.details.expose ?? httpStatus < 500;
    const detail = redact(error.message);
    return {
      title,
      detail,
      hint,
      code: error.code,
      httpStatus,
      ...exposure(detail, httpStatus, expose),
      ...given({ setting: setting && (nameOf?.(setting) ?? setting), references, operationId }),
    };
  }
  const detail = redact(error instanceof Error ? error.message : String(error));
  return {
    title: 'Unexpected error',
    detail,
    hint: 'This is a defect of the program or its environment: report it with the log.',
    code: 'UNEXPECTED',
    httpStatus: 500,
    ...exposure(detail, 500, false),
  };
}

function describeCoreError(error: SignStashError, { nameOf, retryAdvice = defaultRetryAdvice }: DescribeErrorOptions) {
  const { code, message, operationId, references } = error;
  // A newer copy of core may have codes that this one does not know.
  const facts = (errorCodes as Readonly<Record<string, ErrorCodeFacts>>)[code];
  const texts = errorTexts[code as ErrorCode];
  const lookup = (setting: string) => nameOf?.(setting);
  const isGeneric = facts === undefined || error.hint === facts.hint;
  const isTokenUnreachable = code === 'TOKEN_UNAVAILABLE' && error.neverAnswered === true;
  const httpStatus = statusOf(error, texts?.httpStatus ?? (facts ? httpStatusByFamily[facts.family] : 502));
  // Messages of other families contain addresses and answers of the service.
  const expose = httpStatus < 500 && facts?.family === 'validation';
  // Core names the parts of an address by path, such as `authorizationServer.tokenUrl`.
  const setting = (error as { setting?: unknown }).setting;
  const key = typeof setting === 'string' ? (setting.split('.').at(-1) as string) : undefined;
  return {
    title: texts?.title ?? (facts ? titleByFamily[facts.family] : 'The document was not signed'),
    detail: message,
    hint: isTokenUnreachable
      ? unreachableTokenHint(lookup)
      : isGeneric && texts?.hint
        ? texts.hint(lookup, retryAdvice)
        : error.hint,
    code,
    httpStatus,
    ...exposure(message, httpStatus, expose),
    ...given({
      retryAfterSeconds: retryAfter(error, httpStatus),
      setting: key && (lookup(key) ?? key),
      operationId,
      references,
    }),
  };
}

/** A refusal of the document itself is the caller's to fix. */
const statusOf = ({ code, status }: SignStashError, usual: number) =>
  code === 'SERVICE_REJECTED' && (status === 400 || status === 422) ? 422 : usual;

function retryAfter(error: SignStashError, httpStatus: number): number | undefined {
  const { retryAfterSeconds } = error as { retryAfterSeconds?: number };
  if (retryAfterSeconds !== undefined) return Math.max(1, Math.ceil(retryAfterSeconds));
  return error.retryable && httpStatus === 503 ? defaultRetrySeconds : undefined;
}

const exposure = (detail: string, httpStatus: number, expose: boolean) => ({
  expose,
  publicDetail: expose ? detail : (publicDetails[httpStatus] ?? (publicDetails[500] as string)),
});

/** Removes undefined and empty values. */
function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined | ''> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== '')) as never;
}
