import type { Fault, FaultKind, FaultPhase } from './fault.ts';

/** The description of a kind of fault, used for validation and documentation. */
export interface FaultKindDescription {
  summary: string;
  /** Phases it can apply in, the default first. Absent for faults that change what an operation becomes or shows. */
  phases?: readonly FaultPhase[];
  /** Which endpoints it can apply to: every endpoint, the two sign endpoints, or those that list documents. */
  endpoints: 'any' | 'sign' | 'documents';
  /** Its own settings and their meaning. */
  settings: Record<string, string>;
  /** Applies until it is cleared, unless `times` says otherwise. */
  standing?: boolean;
}

const anyPhase: readonly FaultPhase[] = ['before', 'processing', 'after'];
const before: readonly FaultPhase[] = ['before'];

export const faultCatalog: Record<FaultKind, FaultKindDescription> = {
  latency: {
    summary: 'the answer is late',
    phases: anyPhase,
    endpoints: 'any',
    settings: { delayMs: 'milliseconds, required' },
  },
  drop: { summary: 'the connection is cut without an answer', phases: anyPhase, endpoints: 'any', settings: {} },
  'server-error': {
    summary: '5xx with an error body (errorCode 0.0.1)',
    phases: anyPhase,
    endpoints: 'any',
    settings: { status: 'default 500', retryAfterSeconds: 'Retry-After header' },
  },
  html: { summary: "a gateway's page", phases: anyPhase, endpoints: 'any', settings: { status: 'default 503' } },
  empty: {
    summary: 'an answer without a body',
    phases: ['after', 'before', 'processing'],
    endpoints: 'any',
    settings: { status: 'default 200' },
  },
  truncate: {
    summary: 'right headers, half a body, closed connection',
    phases: ['after'],
    endpoints: 'any',
    settings: {},
  },
  unauthorized: {
    summary: '401: invalid token, or wrong credentials at the token endpoint',
    phases: before,
    endpoints: 'any',
    settings: {},
  },
  'token-conflict': {
    summary: '409 with errorCode 0.0.10: token refused',
    phases: before,
    endpoints: 'any',
    settings: {},
  },
  licence: {
    summary: '401 with errorCode 1.1.0 or 1.1.1: licence invalid or inactive',
    phases: before,
    endpoints: 'any',
    settings: { errorCode: '1.1.0 or 1.1.1 (default)' },
  },
  'rate-limit': {
    summary: '429',
    phases: before,
    endpoints: 'any',
    settings: { retryAfterSeconds: 'Retry-After header' },
  },
  'parallel-limit': {
    summary: 'refuses sign requests beyond so many at once',
    endpoints: 'sign',
    settings: {
      limit: 'requests at once, required',
      status: '429 (default) or 409',
      retryAfterSeconds: 'Retry-After header',
    },
    standing: true,
  },
  reject: {
    summary: 'an error body of your choice',
    phases: before,
    endpoints: 'any',
    settings: {
      status: 'default 500',
      errorCode: 'default 0.0.6, null for none',
      errorCodeDescription: 'text of the code',
      causeMessage: 'text of the case',
    },
  },
  quota: { summary: 'as if all signatures were used', phases: before, endpoints: 'sign', settings: {} },
  'refuse-document': {
    summary: 'every request that holds the document is refused as a whole, nothing of it registered',
    endpoints: 'sign',
    settings: {
      reference: 'external reference of the document, required',
      errorCode: 'default 2.2.1',
      status: 'default: the documented one',
      names: 'what causeMessage names: name (default), reference or nothing',
    },
    standing: true,
  },
  'lookup-blind': {
    summary: 'look-ups do not find the documents of the next sign request for some time',
    endpoints: 'sign',
    settings: { delayMs: 'milliseconds, required' },
  },
  'hash-folder': {
    summary: 'the operation is of hashes only (folderContent HASH), its content is not stored',
    endpoints: 'sign',
    settings: {},
  },
  'no-document-list': {
    summary: 'the answer has no documentList',
    endpoints: 'documents',
    settings: { value: 'null (default), empty or missing' },
  },
  'unlisted-document': {
    summary: 'documentList lacks a document',
    endpoints: 'documents',
    settings: { reference: 'default: the first document' },
  },
  'duplicate-entry': {
    summary: 'documentList has a second entry, RECEIVED, for a document',
    endpoints: 'documents',
    settings: { reference: 'default: the first document' },
  },
  'wrong-content': {
    summary: 'the answer has another content for a signed document',
    endpoints: 'documents',
    settings: {
      as: 'unrelated, tampered, truncated, other-document, empty, html or original (what was sent); required',
      reference: 'default: the first document',
    },
  },
  'execution-error': {
    summary: 'answers EXECUTION_ERROR, executed later',
    endpoints: 'sign',
    settings: { pollsUntilExecuted: 'status and detail calls, default 1', delayMs: 'milliseconds instead' },
  },
  pending: {
    summary: 'answers PENDING_EXECUTION, executed later',
    endpoints: 'sign',
    settings: { pollsUntilExecuted: 'status and detail calls, default 1', delayMs: 'milliseconds instead' },
  },
  'execution-failed': {
    summary: 'EXECUTION_FAILED, nothing signed',
    endpoints: 'sign',
    settings: { signError: 'default SIGN_OPERATION_INTERNAL_ERROR' },
  },
  'document-error': {
    summary: 'one document ERROR_SIGNING, the others signed',
    endpoints: 'sign',
    settings: { reference: 'default: the first document', signError: 'default CERT_SERVICE_GLOBAL_ERROR' },
  },
};

export const faultKinds = Object.keys(faultCatalog) as FaultKind[];

/** The phase a fault applies in; undefined for faults without phases. */
export function phaseOf(fault: Fault): FaultPhase | undefined {
  return ('phase' in fault ? fault.phase : undefined) ?? faultCatalog[fault.kind].phases?.[0];
}
