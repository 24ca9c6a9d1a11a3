import type { Fault } from '@signstash-connect/sandbox';
import fc from 'fast-check';

/** One failure during a run. */
export type FaultEvent =
  /** After this many milliseconds, this fault waits for its request. */
  | { afterMs: number; fault: Fault }
  /** After this many milliseconds, the client is killed as by `kill -9`, and started again. */
  | { afterMs: number; kill: true }
  /** After this many milliseconds, every token issued so far is refused. */
  | { afterMs: number; expireTokens: true };

const asked = fc.constantFrom('operationId', 'status', 'detail', 'any' as const);
const phase = fc.constantFrom('before', 'processing', 'after' as const);
const times = fc.integer({ min: 1, max: 3 });
const retryAfterSeconds = fc.constantFrom(0, 1);

/** Every kind of fault of the sandbox, on the sign call and on the look-ups that follow it. */
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ kind: fc.constant('drop' as const), endpoint: fc.constant('sign' as const), phase, times }),
  fc.record({ kind: fc.constant('drop' as const), endpoint: asked, times }),
  fc.record({
    kind: fc.constant('server-error' as const),
    endpoint: fc.constant('sign' as const),
    phase,
    times,
    status: fc.constantFrom(500, 502, 503, 504),
  }),
  fc.record({ kind: fc.constant('server-error' as const), endpoint: asked, times, status: fc.constantFrom(500, 503) }),
  fc.record({
    kind: fc.constant('html' as const),
    endpoint: fc.constant('sign' as const),
    phase,
    status: fc.constantFrom(200, 502),
  }),
  fc.record({ kind: fc.constant('html' as const), endpoint: asked, status: fc.constantFrom(200, 502) }),
  fc.record({ kind: fc.constantFrom('truncate', 'empty'), endpoint: fc.constantFrom('sign', 'any' as const), times }),
  fc.record({
    kind: fc.constant('latency' as const),
    endpoint: fc.constant('sign' as const),
    phase,
    delayMs: fc.integer({ min: 100, max: 1500 }),
  }),
  fc.record({
    kind: fc.constant('rate-limit' as const),
    endpoint: fc.constantFrom('sign', 'token', 'any' as const),
    times,
    retryAfterSeconds,
  }),
  fc.record({
    kind: fc.constant('unauthorized' as const),
    endpoint: fc.constantFrom('sign', 'operationId', 'detail' as const),
  }),
  fc.record({
    kind: fc.constant('token-conflict' as const),
    endpoint: fc.constantFrom('sign', 'operationId', 'detail'),
  }),
  fc.record({ kind: fc.constant('licence' as const), endpoint: fc.constant('sign' as const) }),
  fc.record({
    kind: fc.constant('parallel-limit' as const),
    limit: fc.integer({ min: 1, max: 3 }),
    status: fc.constantFrom(429, 409),
    times: fc.integer({ min: 5, max: 30 }),
  }),
  fc.record({
    kind: fc.constant('lookup-blind' as const),
    // Shorter than the worker's grace period: beyond it, only a server that refuses repeats prevents a second signature.
    delayMs: fc.integer({ min: 100, max: 600 }),
    times: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({
    kind: fc.constant('reject' as const),
    endpoint: fc.constant('operationId' as const),
    status: fc.constant(403),
  }),
  fc.record({
    kind: fc.constant('no-document-list' as const),
    value: fc.constantFrom('null', 'empty', 'missing'),
    endpoint: fc.constantFrom('sign', 'detail'),
  }),
  fc.record({
    kind: fc.constantFrom('unlisted-document', 'duplicate-entry'),
    endpoint: fc.constantFrom('sign', 'detail'),
  }),
  fc.record({
    kind: fc.constant('wrong-content' as const),
    as: fc.constantFrom('unrelated', 'tampered', 'truncated', 'other-document', 'empty', 'html', 'original'),
    endpoint: fc.constantFrom('sign', 'detail'),
    times,
  }),
  fc.record({ kind: fc.constant('reject' as const), endpoint: fc.constant('sign' as const), times }),
  fc.record({ kind: fc.constant('quota' as const), endpoint: fc.constant('sign' as const) }),
  fc.record({
    kind: fc.constantFrom('execution-error', 'pending'),
    endpoint: fc.constant('sign' as const),
    times,
    pollsUntilExecuted: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ kind: fc.constant('execution-failed' as const), endpoint: fc.constant('sign' as const) }),
  fc.record({
    kind: fc.constant('document-error' as const),
    endpoint: fc.constant('sign' as const),
    times: fc.integer({ min: 1, max: 5 }),
  }),
) as fc.Arbitrary<Fault>;

const afterMs = fc.integer({ min: 0, max: 4000 });

export const faultPlan: fc.Arbitrary<FaultEvent[]> = fc
  .tuple(
    fc.array(fc.record({ afterMs, fault }), { minLength: 15, maxLength: 40 }),
    fc.array(fc.record({ afterMs, kill: fc.constant(true as const) }), { minLength: 1, maxLength: 4 }),
    fc.array(fc.record({ afterMs, expireTokens: fc.constant(true as const) }), { maxLength: 2 }),
  )
  .map((parts) => parts.flat().sort((a, b) => a.afterMs - b.afterMs));
