import {
  type ErrorBody,
  type ErrorDetails,
  QuotaExceededError,
  ServiceRejectedError,
  type SignStashError,
  TokenError,
} from '../../errors/errors.ts';
import { redact } from '../../errors/redact.ts';
import { classify, type ServiceErrorRow } from '../error-table.ts';
import type { WireError } from '../wire.ts';
import { titleOf } from './web-page.ts';

export interface FailedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Makes the error for an answer whose status says that the call failed: code, message and fix come from the error table. */
export function serviceError(what: string, answer: FailedAnswer, details: ErrorDetails = {}): SignStashError {
  const { status, text } = answer;
  const body = errorBody(answer);
  const { code, fix } = classify(status, body);
  const message = `${what}: the service answered ${status}${describe(body, text)}.`;
  const more = { ...details, status, hint: details.hint ?? fix };
  if (code === 'QUOTA_EXCEEDED') return new QuotaExceededError(message, body, more);
  if (code === 'TOKEN_REFUSED') return new TokenError(code, message, more);
  return new ServiceRejectedError(code, message, body, more);
}

/** The row of the error table for an answer. */
const classifyAnswer = (answer: FailedAnswer): ServiceErrorRow => classify(answer.status, errorBody(answer));

/**
 * Whether the API refuses the access token, so that a new one and one replay may help. A 401 with an account's code (1.1.0, 1.1.1)
 * is not that, and a 409 with 0.0.10 is (API reference, sections 3 and 7).
 */
export const isTokenRefused = (answer: FailedAnswer): boolean =>
  answer.status >= 400 && classifyAnswer(answer).action === 'renew-token';

/** What an answer says about its failure: the service's own body, or Spring's, which uses other names. */
export function errorBody({ headers, text }: FailedAnswer): ErrorBody {
  const retryAfterSeconds = parseRetryAfter(headers['retry-after']);
  return { ...parseBody(text), ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
}

function parseBody(text: string): ErrorBody {
  try {
    const body = JSON.parse(text) as
      | (WireError & { error?: unknown; error_description?: unknown; message?: unknown })
      | null;
    return {
      errorCode: word(body?.errorCode) ?? word(body?.error),
      description: word(body?.errorCodeDescription) ?? word(body?.error_description) ?? word(body?.message),
      causeMessage: word(body?.causeMessage),
    };
  } catch {
    return {};
  }
}

const word = (value: unknown) => (typeof value === 'string' && value !== '' ? value.slice(0, 2000) : undefined);

/** How much of the service's message an error quotes. Characters. */
const maxQuotedLength = 1500;

/** The service's message, ready to follow a status. */
export function describe(body: ErrorBody, text: string): string {
  // The caller ends the sentence, so a part that ends with a full stop or a colon would be joined as '.:' or '..'.
  const parts = [body.errorCode, body.description, body.causeMessage]
    .map((part) => part?.trim().replace(/[.:\s]+$/, ''))
    .filter((part) => part !== undefined && part !== '');
  // Truncated after secrets are removed: part of a secret would not be recognised.
  if (parts.length > 0) return `, ${redact(parts.join(': ')).slice(0, maxQuotedLength)}`;
  return text.trimStart().startsWith('<') ? ` with a web page${titleOf(text)}` : '';
}

/** Seconds or an HTTP date (RFC 9110). */
export function parseRetryAfter(value: string | undefined, now: number = Date.now()): number | undefined {
  if (value === undefined) return undefined;
  const seconds = /^\s*\d+\s*$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}
