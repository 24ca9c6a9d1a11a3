import type { SignStash } from '@signstash-connect/core';
import { type ConnectionReport, checkConnection } from '@signstash-connect/core/adapter';
import { httpProbe } from '@signstash-connect/core/adapter/node';
import type { RequestHandler } from 'express';
import { SignHttpError, toHttpError } from './errors.ts';
import { checkOptions } from './options.ts';
import { type ClientOption, clientFinder, clientState } from './sign.ts';

export interface HealthcheckOptions {
  /** Default: the client of `signstash()`. */
  client?: ClientOption;
  /** The on-premise proxy, which is then checked too. Default: that of the options or variables the client was made from. */
  proxyUrl?: string;
  /** Milliseconds for the whole check. Default 5,000. */
  timeoutMs?: number;
  /** Milliseconds for which a result is reused, however often the route is called. Default 10,000. */
  cacheMs?: number;
}

/** What the route responds: with 200 if `status` is `up`, else with 503. */
export interface Health {
  status: 'up' | 'down';
  /** ISO 8601. */
  checkedAt: string;
  /** Milliseconds that the check took. */
  tookMs: number;
  /** Why it is down: a code of core. */
  code?: string;
}

/** Milliseconds for which a refusal by quota counts as down; the service itself counts only once a day. */
const quotaRefusalMs = 10 * 60_000;

/**
 * A route that reports whether documents could be signed now: a token, the API, the on-premise proxy and the quota are checked.
 * Nothing is signed and nothing counts against the quota.
 */
export function healthcheck(options: HealthcheckOptions = {}): RequestHandler {
  const where = 'healthcheck';
  checkOptions(where, options, ['client', 'proxyUrl', 'timeoutMs', 'cacheMs'], ['timeoutMs']);
  const { cacheMs = 10_000 } = options;
  const findClient = clientFinder(where, options.client);
  const latest = new WeakMap<SignStash, { health: Promise<Health>; validUntil: number }>();

  /** One check at a time, however many callers; its age counts from its end. */
  function cached(client: SignStash): Promise<Health> {
    const known = latest.get(client);
    if (known && Date.now() < known.validUntil) return known.health;
    const entry = { health: check(client, options), validUntil: Number.POSITIVE_INFINITY };
    latest.set(client, entry);
    entry.health.then(
      () => {
        entry.validUntil = Date.now() + cacheMs;
      },
      () => latest.delete(client),
    );
    return entry.health;
  }

  return (_req, res, next) => {
    Promise.resolve()
      .then(() => cached(findClient(res)))
      .then((health) => {
        res.set('Cache-Control', 'no-store');
        res.status(health.status === 'up' ? 200 : 503).json(health);
      })
      .catch((error) => next(toHttpError(error)));
  };
}

async function check(client: SignStash, { timeoutMs = 5_000, ...options }: HealthcheckOptions): Promise<Health> {
  const started = performance.now();
  const { recentReference, quotaRefusedAt = Number.NEGATIVE_INFINITY, ...state } = clientState(client);
  const proxyUrl = options.proxyUrl ?? state.proxyUrl;
  const signal = AbortSignal.timeout(timeoutMs);
  const code = await checkConnection(client, {
    signal,
    timeoutMs,
    probe: httpProbe,
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    ...(recentReference === undefined ? {} : { recentReference }),
  }).then(findFailure, (error) => {
    if (signal.aborted) return 'TIMEOUT';
    throw error;
  });
  const down = code ?? (Date.now() - quotaRefusedAt < quotaRefusalMs ? 'QUOTA_EXCEEDED' : undefined);
  const tookMs = Math.round(performance.now() - started);
  const time = { checkedAt: new Date().toISOString(), tookMs };
  return down === undefined ? { status: 'up', ...time } : { status: 'down', ...time, code: down };
}

/** @throws For a wrong setting, which is not an outage, and if nothing could be checked. */
function findFailure({ steps }: ConnectionReport): string | undefined {
  const failed = steps.find(({ status }) => status === 'failed');
  const code = failed?.code ?? (steps.some(({ status }) => status === 'ok') ? undefined : 'CONFIGURATION_MISSING');
  if (code?.startsWith('CONFIGURATION_')) throw new SignHttpError(code, failed?.detail ?? steps[0]!.detail);
  return code;
}
