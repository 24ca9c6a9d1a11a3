import type { Fault } from '@signstash-connect/sandbox';

/** Faults after which every document can still be signed, exactly once; by name. */
export const recoverableFaults: readonly (readonly [name: string, fault: Fault])[] = [
  ['a refused token', { kind: 'unauthorized', endpoint: 'sign' }],
  ['a failing token endpoint', { kind: 'server-error', endpoint: 'token', status: 503 }],
  ['a rate limit', { kind: 'rate-limit', endpoint: 'sign', retryAfterSeconds: 0 }],
  ['a server error before signing', { kind: 'server-error', endpoint: 'sign', phase: 'before' }],
  ['a server error while signing', { kind: 'server-error', endpoint: 'sign', phase: 'processing' }],
  ['a server error after signing', { kind: 'server-error', endpoint: 'sign', phase: 'after' }],
  ['a connection cut before signing', { kind: 'drop', endpoint: 'sign', phase: 'before' }],
  ['a connection cut while signing', { kind: 'drop', endpoint: 'sign', phase: 'processing' }],
  ['a connection cut after signing', { kind: 'drop', endpoint: 'sign', phase: 'after' }],
  ['an answer that ends early', { kind: 'truncate', endpoint: 'sign' }],
  ['a web page before signing', { kind: 'html', endpoint: 'sign', phase: 'before' }],
  ['a web page after signing', { kind: 'html', endpoint: 'sign', phase: 'after' }],
  ['an empty answer', { kind: 'empty', endpoint: 'sign' }],
  ['a late answer', { kind: 'latency', endpoint: 'sign', delayMs: 100, phase: 'processing' }],
  ['an operation that is pending', { kind: 'pending' }],
  ['an operation that the service repeats', { kind: 'execution-error' }],
];

/** Faults that fail a document, and the error code they lead to. */
export const finalFaults: readonly (readonly [code: string, fault: Fault])[] = [
  ['SERVICE_REJECTED', { kind: 'reject', endpoint: 'sign', status: 400, errorCode: '0.0.6', times: 9 }],
  ['QUOTA_EXCEEDED', { kind: 'quota', endpoint: 'sign', times: 9 }],
  ['DOCUMENT_FAILED', { kind: 'execution-failed' }],
  ['DOCUMENT_FAILED', { kind: 'document-error' }],
];
