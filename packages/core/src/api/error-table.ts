import type { ErrorCode, ErrorCodeOf } from '../errors/codes.ts';
import type { ErrorBody, SignStashError } from '../errors/errors.ts';
import { isQuotaExceeded, isThrottled } from './assumptions.ts';

/** What the client does after a failure. */
export type ErrorAction =
  /** The access token was refused: get a new one and replay the call once. */
  | 'renew-token'
  /** Every further request would fail the same way. */
  | 'stop'
  /** This request was refused for one of its documents: fail the one that the service names, or search for it. */
  | 'refuse'
  /** This request fails, whichever documents it carries. */
  | 'fail'
  /** The outcome is open: look every reference up, then send again what is unknown. */
  | 'look-up'
  /** The references exist already: look them up until they are found, and never send them again. */
  | 'look-up-only'
  /** Nothing was processed: send the same request again. */
  | 'retry'
  /** Nothing was processed, too many requests at once: send again later, with fewer in parallel. */
  | 'slow-down'
  /** Nothing was processed, the request is too large or one of its documents cannot be read: send its halves. */
  | 'divide';

/** One row: how an error of the service is recognised, what it means, and what the client does. */
export interface ServiceErrorRow {
  /** The service's own code; absent if the HTTP status alone decides. */
  readonly errorCode?: string;
  readonly status?: number;
  readonly meaning: string;
  readonly action: ErrorAction;
  /** The stable code of the error that the caller gets. */
  readonly code: ErrorCodeOf<'rejected' | 'quota'> | 'TOKEN_REFUSED';
  /** How to fix it. Absent: the hint of {@link ServiceErrorRow.code}. */
  readonly fix?: string;
}

const askSupport = "Ask Sign'Stash support, or the operator of your account, to ";

/**
 * Every error that the service documents (API reference, section 7). The code decides, the status is for information only: 500 is
 * used for refused requests, too.
 */
export const serviceErrors: readonly (ServiceErrorRow & { errorCode: string })[] = [
  { errorCode: '0.0.1', status: 500, meaning: 'unhandled error', action: 'look-up', code: 'SERVICE_FAILED' },
  {
    errorCode: '0.0.2',
    status: 500,
    meaning: 'a mandatory attribute is missing',
    action: 'refuse',
    code: 'SERVICE_REJECTED',
    fix: 'Set the attribute that the service names.',
  },
  {
    errorCode: '0.0.3',
    status: 500,
    meaning: 'the client service is not set up',
    action: 'stop',
    code: 'ACCOUNT_REFUSED',
    fix: `${askSupport}set up the client service.`,
  },
  {
    errorCode: '0.0.4',
    status: 500,
    meaning: 'an attribute is larger than supported',
    action: 'refuse',
    code: 'SERVICE_REJECTED',
    fix: 'Shorten the attribute that the service names, or make the document smaller.',
  },
  {
    errorCode: '0.0.5',
    status: 500,
    meaning: 'the e-mail could not be sent',
    action: 'look-up',
    code: 'SERVICE_FAILED',
    fix: 'Check the e-mail addresses; once the document is found to be signed, resend its e-mails.',
  },
  {
    errorCode: '0.0.6',
    status: 500,
    meaning: 'a parameter failed validation',
    action: 'refuse',
    code: 'SERVICE_REJECTED',
    fix: 'Correct the parameter that the service names.',
  },
  {
    errorCode: '0.0.7',
    status: 409,
    meaning: 'an external reference is used again',
    action: 'look-up-only',
    code: 'REFERENCE_TAKEN',
  },
  {
    errorCode: '0.0.10',
    status: 409,
    meaning: 'the token is expired or invalid, or the URL belongs to another environment',
    action: 'renew-token',
    code: 'TOKEN_REFUSED',
  },
  {
    errorCode: '1.1.0',
    status: 401,
    meaning: 'the licence is invalid',
    action: 'stop',
    code: 'ACCOUNT_REFUSED',
    fix: `Check that the client id belongs to this environment. ${askSupport}check the licence.`,
  },
  {
    errorCode: '1.1.1',
    status: 401,
    meaning: 'the licence, client service or issuer is inactive',
    action: 'stop',
    code: 'ACCOUNT_REFUSED',
    fix: `${askSupport}activate the licence, client service or issuer.`,
  },
  {
    errorCode: '1.1.2',
    status: 409,
    meaning: 'the client service exists already',
    action: 'stop',
    code: 'ACCOUNT_REFUSED',
  },
  {
    errorCode: '1.1.3',
    status: 409,
    meaning: 'the status of the client service forbids the operation',
    action: 'stop',
    code: 'ACCOUNT_REFUSED',
    fix: 'Activate the client service in the backoffice.',
  },
  {
    errorCode: '1.1.4',
    status: 400,
    meaning: 'the secret is too weak',
    action: 'stop',
    code: 'ACCOUNT_REFUSED',
    fix: 'Define a stronger secret for the client service in the backoffice.',
  },
  {
    errorCode: '1.2.0',
    status: 403,
    meaning: 'the issuer is inactive',
    action: 'stop',
    code: 'ACCOUNT_REFUSED',
    fix: `${askSupport}activate the issuer.`,
  },
  {
    errorCode: '1.3.0',
    status: 403,
    meaning: 'the partner is inactive',
    action: 'stop',
    code: 'ACCOUNT_REFUSED',
    fix: `${askSupport}activate the partner.`,
  },
  {
    errorCode: '2.2.1',
    meaning: 'the visible seal does not fit, for example an area smaller than its image',
    action: 'refuse',
    code: 'SERVICE_REJECTED',
    fix: 'Make the area of the visible seal at least as large as its image, in pixels.',
  },
];

/** Codes that are not in {@link serviceErrors}, by their family: the vendor's public list is incomplete. */
export const serviceErrorFamilies: readonly (ServiceErrorRow & { errorCode: '1.' | '2.' })[] = [
  { errorCode: '1.', meaning: 'licence and account, any other', action: 'stop', code: 'ACCOUNT_REFUSED' },
  { errorCode: '2.', meaning: 'signing, any other', action: 'refuse', code: 'SERVICE_REJECTED' },
];

/** Answers without a known code, by their HTTP status. A row without a status is for the rest. */
export const serviceErrorStatuses: readonly ServiceErrorRow[] = [
  { status: 401, meaning: 'the token was refused', action: 'renew-token', code: 'TOKEN_REFUSED' },
  { status: 403, meaning: 'forbidden', action: 'fail', code: 'SERVICE_REJECTED' },
  { status: 404, meaning: 'not found', action: 'fail', code: 'SERVICE_REJECTED' },
  { status: 405, meaning: 'method not allowed', action: 'fail', code: 'SERVICE_REJECTED' },
  { status: 406, meaning: 'not acceptable', action: 'fail', code: 'SERVICE_REJECTED' },
  { status: 408, meaning: 'request timeout', action: 'look-up', code: 'SERVICE_FAILED' },
  { status: 409, meaning: 'conflict', action: 'look-up-only', code: 'REFERENCE_TAKEN' },
  { status: 413, meaning: 'request too large', action: 'divide', code: 'PAYLOAD_TOO_LARGE' },
  { status: 415, meaning: 'unsupported media type', action: 'fail', code: 'SERVICE_REJECTED' },
  { status: 429, meaning: 'too many parallel requests', action: 'slow-down', code: 'RATE_LIMITED' },
  { status: 503, meaning: 'unavailable', action: 'look-up', code: 'SERVICE_UNAVAILABLE' },
];

const throttled: ServiceErrorRow = {
  meaning: 'too many parallel requests, by the message',
  action: 'slow-down',
  code: 'RATE_LIMITED',
};
const quotaExceeded: ServiceErrorRow = {
  meaning: "the contract's signatures are used up, by the message",
  action: 'stop',
  code: 'QUOTA_EXCEEDED',
};
const otherRefusal: ServiceErrorRow = { meaning: 'any other 4xx', action: 'refuse', code: 'SERVICE_REJECTED' };
const otherFailure: ServiceErrorRow = { meaning: 'any other 5xx', action: 'look-up', code: 'SERVICE_FAILED' };
/** A server that sends Retry-After has not processed the request. Inferred. */
const unavailableUntil: ServiceErrorRow = {
  status: 503,
  meaning: 'unavailable, with Retry-After',
  action: 'retry',
  code: 'SERVICE_UNAVAILABLE',
};

/** Rows that `classify` selects by the message or as a fallback, for the documentation. */
export const serviceErrorRest: readonly ServiceErrorRow[] = [
  unavailableUntil,
  throttled,
  quotaExceeded,
  otherRefusal,
  otherFailure,
];

const signAgain = 'To sign the document again, give it a new reference or key.';

/** How to fix what the service reports for one document (API reference, section 6: `signError`). */
export const signErrorFixes: Readonly<Record<string, string>> = {
  INVALID_CERT_SERVICE_CREDS: `Renew the access to the certificate service in the backoffice: it ends after 60 days or 1 billion signatures. ${signAgain}`,
  INVALID_CERT_ACCESS_ACCOUNT: `Check the account of the certificate in the backoffice. ${signAgain}`,
  CERT_SERVICE_GLOBAL_ERROR: `The certificate service failed; try later. ${signAgain}`,
  CONFIGURATION_SIGN_ERROR: `Correct the signature options of this document. ${signAgain}`,
  TIMESTAMP_SIGN_ERROR: `The timestamp service failed; try later, or without a timestamp. ${signAgain}`,
  INVALID_CERTIFICATE_SIGN_ERROR: `Check the certificate in the backoffice. ${signAgain}`,
  STORAGE_SERVICE_GLOBAL_ERROR:
    'The document may have been signed and counted, but could not be stored: check the operation first.',
  SIGN_OPERATION_INTERNAL_ERROR: `The service failed; try later. ${signAgain}`,
};

/** Undefined for a value that is unknown to this version. */
export const signErrorFix = (signError: string | undefined): string | undefined =>
  signError !== undefined && Object.hasOwn(signErrorFixes, signError) ? signErrorFixes[signError] : undefined;

const byCode = new Map(serviceErrors.map((row) => [row.errorCode, row]));
const byStatus = new Map(serviceErrorStatuses.map((row) => [row.status, row]));

/** The row for an answer: by its code, the code's family, its message, then its status. */
export function classify(status: number, body: ErrorBody): ServiceErrorRow {
  const { errorCode } = body;
  const known = errorCode === undefined ? undefined : byCode.get(errorCode);
  if (known) return known;
  const family = serviceErrorFamilies.find((row) => errorCode?.startsWith(row.errorCode));
  if (status < 500 && isQuotaExceeded(body)) return quotaExceeded;
  if (family) return family;
  if (isThrottled(body)) return throttled;
  if (status === 503 && body.retryAfterSeconds !== undefined) return unavailableUntil;
  return byStatus.get(status) ?? (status >= 500 ? otherFailure : otherRefusal);
}

/** What the client does after failures other than an answer of the service. Any other failure only fails its documents. */
const ownActions: Partial<Record<ErrorCode, ErrorAction>> = {
  CONFIGURATION_INVALID: 'stop',
  CONFIGURATION_MISSING: 'stop',
  INSECURE_URL: 'stop',
  JOURNAL_UNUSABLE: 'stop',
  CREDENTIALS_REFUSED: 'stop',
  TOKEN_REFUSED: 'stop',
  ACCOUNT_REFUSED: 'stop',
  QUOTA_EXCEEDED: 'stop',
  TOKEN_UNAVAILABLE: 'retry',
  NETWORK_UNREACHABLE: 'retry',
  NETWORK_INTERRUPTED: 'look-up',
  TIMEOUT: 'look-up',
  PROTOCOL_TRUNCATED: 'look-up',
  PROTOCOL_UNEXPECTED: 'look-up',
  DOCUMENT_CHANGED: 'divide',
  DOCUMENT_UNREADABLE: 'divide',
};

const answered: ReadonlySet<ErrorCode> = new Set(
  [...serviceErrors, ...serviceErrorFamilies, ...serviceErrorStatuses, ...serviceErrorRest].map(({ code }) => code),
);

/** What to do after an error, whether the service answered it or not. */
export function actionFor(error: SignStashError & ErrorBody): ErrorAction {
  const own = ownActions[error.code];
  if (own) return own;
  return answered.has(error.code) && error.status !== undefined ? classify(error.status, error).action : 'fail';
}

/** The error that every further document would fail with, so that a batch ends; undefined if others may still be signed. */
export function findStopReason(error: SignStashError): SignStashError | undefined {
  if (actionFor(error) === 'stop' || error.neverAnswered) return error;
  // An outcome that stays unknown because the account was refused: the reason is in its cause.
  const { cause } = error as { cause?: SignStashError };
  return error.code === 'OUTCOME_UNKNOWN' && cause !== undefined && actionFor(cause) === 'stop' ? cause : undefined;
}
