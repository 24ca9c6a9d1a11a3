import { randomUUID } from 'node:crypto';
import { ConfigurationError, isSignStashError, type SignStash } from '@signstash-connect/core';
import type { RequestHandler } from 'express';
import { toHttpError } from './errors.ts';
import { checkLimit, checkOptions } from './options.ts';
import { type ClientOption, clientFinder } from './sign.ts';

export interface HealthcheckOptions {
  /** Default: the client of `signstash()`. */
  client?: ClientOption;
  /** Milliseconds for the question to Sign'Stash. Default 5,000. */
  timeoutMs?: number;
  /** Milliseconds for which a finding is repeated, however often the route is asked. Default 10,000. */
  cacheMs?: number;
}

/** What the route answers: with 200 where `status` is `up`, else with 503. */
export interface Health {
  status: 'up' | 'down';
  /** ISO 8601. */
  checkedAt: string;
  /** Milliseconds the question took. */
  tookMs: number;
  /** Why it is down: a code of the core. */
  code?: string;
}

/**
 * A route that tells whether documents could be sealed now: the token is had and one question is asked. Nothing is sealed,
 * nothing counts against the quota.
 */
export function healthcheck(options: HealthcheckOptions = {}): RequestHandler {
  const where = 'healthcheck';
  checkOptions(where, options, ['client', 'timeoutMs', 'cacheMs']);
  const { client, timeoutMs = 5_000, cacheMs = 10_000 } = options;
  checkLimit(where, 'timeoutMs', timeoutMs);
  const findClient = clientFinder(where, client);
  const latest = new WeakMap<SignStash, { finding: Promise<Health>; goodUntil: number }>();

  const check = (asked: SignStash): Promise<Health> => {
    const known = latest.get(asked);
    if (known && Date.now() < known.goodUntil) return known.finding;
    const finding = ask(asked, timeoutMs);
    // One question at a time, however many ask; its age counts from the answer.
    const entry = { finding, goodUntil: Number.POSITIVE_INFINITY };
    latest.set(asked, entry);
    finding.then(
      () => {
        entry.goodUntil = Date.now() + cacheMs;
      },
      () => latest.delete(asked),
    );
    return finding;
  };

  return (_req, res, next) => {
    Promise.resolve()
      .then(() => check(findClient(res)))
      .then((health) => {
        res.set('Cache-Control', 'no-store');
        res.status(health.status === 'up' ? 200 : 503).json(health);
      })
      .catch((error) => next(toHttpError(error)));
  };
}

async function ask(client: SignStash, timeoutMs: number): Promise<Health> {
  const started = performance.now();
  const finding = (): Pick<Health, 'checkedAt' | 'tookMs'> => ({
    checkedAt: new Date().toISOString(),
    tookMs: Math.round(performance.now() - started),
  });
  try {
    // The signal bounds the whole of it: a retry or a token request has its own time.
    const signal = AbortSignal.timeout(timeoutMs);
    await client.operations.idByReference(`healthcheck-${randomUUID()}`, { signal, timeoutMs });
    return { status: 'up', ...finding() };
  } catch (error) {
    // A wrong setting is no outage: it is told in full, to the error handler.
    if (!isSignStashError(error) || error instanceof ConfigurationError) throw error;
    return { status: 'down', ...finding(), code: error.code === 'ABORTED' ? 'TIMEOUT' : error.code };
  }
}
