import {
  type ErrorBody,
  type ErrorDetails,
  QuotaExceededError,
  ServiceRejectedError,
  type SignStashError,
} from '../../errors/errors.ts';
import { redact } from '../../errors/redact.ts';
import { isQuotaExceeded } from '../assumptions.ts';
import type { WireError } from '../wire.ts';
import { titleOf } from './web-page.ts';

/** Makes the error for an answer whose status says that the call failed (API reference, section 6: error body). */
export function serviceError(
  what: string,
  answer: { status: number; headers: Readonly<Record<string, string>>; text: string },
  details: ErrorDetails = {},
): SignStashError {
  const { status, headers, text } = answer;
  const words = serviceWords(text);
  const retryAfterSeconds = parseRetryAfter(headers['retry-after']);
  if (retryAfterSeconds !== undefined) words.retryAfterSeconds = retryAfterSeconds;
  const message = `${what}: the service answered ${status}${said(words, text)}.`;
  const more = { ...details, status };
  if (status >= 400 && status < 500 && isQuotaExceeded(words)) return new QuotaExceededError(message, words, more);
  if (status === 413) return new ServiceRejectedError('PAYLOAD_TOO_LARGE', message, words, more);
  if (status === 429) return new ServiceRejectedError('RATE_LIMITED', message, words, more);
  if (status === 503) return new ServiceRejectedError('SERVICE_UNAVAILABLE', message, words, more);
  if (status >= 500 || status === 408) return new ServiceRejectedError('SERVICE_FAILED', message, words, more);
  return new ServiceRejectedError('SERVICE_REJECTED', message, words, more);
}

function serviceWords(text: string): ErrorBody {
  try {
    const body = JSON.parse(text) as
      | (WireError & { error?: unknown; error_description?: unknown; message?: unknown })
      | null;
    // Spring's own error bodies use other names than the service's: both are understood.
    return {
      errorCode: word(body?.errorCode) ?? word(body?.error),
      description: word(body?.errorCodeDescription) ?? word(body?.error_description) ?? word(body?.message),
      causeMessage: word(body?.causeMessage),
    };
  } catch {
    return {};
  }
}

const word = (value: unknown) => (typeof value === 'string' && value !== '' ? value.slice(0, 500) : undefined);

function said(words: ErrorBody, text: string): string {
  const parts = [words.errorCode, words.description, words.causeMessage].filter((part) => part !== undefined);
  if (parts.length > 0) return `, ${redact(parts.join(': '))}`;
  return text.trimStart().startsWith('<') ? ` with a web page${titleOf(text)}` : '';
}

/** Seconds or an HTTP date, as RFC 9110 has it. */
export function parseRetryAfter(value: string | undefined, now: number = Date.now()): number | undefined {
  if (value === undefined) return undefined;
  const seconds = /^\s*\d+\s*$/.test(value) ? Number(value) : (Date.parse(value) - now) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}
