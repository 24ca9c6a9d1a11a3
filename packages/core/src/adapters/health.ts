import type { SignResult } from '../signing/results.ts';
import { AdapterError } from './adapter-error.ts';
import { type CheckedClient, type ConnectionReport, checkConnection } from './check-connection.ts';
import { httpProbe } from './http-probe.ts';

/** Whether documents can be signed now: what a readiness route responds. */
export interface Health {
  status: 'up' | 'down';
  /** ISO 8601. */
  checkedAt: string;
  /** Milliseconds that the check took. */
  tookMs: number;
  /** Why it is down: a code of core. */
  code?: string;
}

export interface HealthCheckOptions {
  /** The on-premise proxy, which is then checked too. */
  proxyUrl?: string | undefined;
  /** Milliseconds for the whole check. Default 5,000. */
  timeoutMs?: number | undefined;
  /** Milliseconds for which a result is reused. Default 10,000. */
  cacheMs?: number | undefined;
}

/** Milliseconds for which a refusal by quota counts as down; the service itself counts only once a day. */
const quotaRefusalMs = 10 * 60_000;

/**
 * Checks the health of one client. The service reports the used quota only with an operation, so that the results of signing have
 * to be recorded.
 */
export class HealthMonitor {
  readonly #client: CheckedClient;
  #recentReference: string | undefined;
  #quotaRefusedAt = Number.NEGATIVE_INFINITY;

  constructor(client: CheckedClient) {
    this.#client = client;
  }

  /** Takes the results of every signing call of the client. */
  record(results: readonly SignResult[]): void {
    for (const result of results) {
      if (result.ok) this.#recentReference = result.reference;
      else if (result.error.code === 'QUOTA_EXCEEDED') this.#quotaRefusedAt = Date.now();
    }
    if (results.some(({ ok }) => ok)) this.#quotaRefusedAt = Number.NEGATIVE_INFINITY;
  }

  /**
   * Checks token, API, proxy and quota. Nothing is signed and nothing counts against the quota.
   *
   * @throws {@link AdapterError} `CONFIGURATION_…` for a wrong setting, which is not an outage, and if nothing could be checked.
   */
  async check({ proxyUrl, timeoutMs = 5_000 }: HealthCheckOptions = {}): Promise<Health> {
    const started = performance.now();
    const signal = AbortSignal.timeout(timeoutMs);
    const recentReference = this.#recentReference;
    const code = await checkConnection(this.#client, {
      signal,
      timeoutMs,
      probe: httpProbe,
      ...(proxyUrl === undefined ? {} : { proxyUrl }),
      ...(recentReference === undefined ? {} : { recentReference }),
    }).then(findFailure, (error) => {
      if (signal.aborted) return 'TIMEOUT';
      throw error;
    });
    const down = code ?? (Date.now() - this.#quotaRefusedAt < quotaRefusalMs ? 'QUOTA_EXCEEDED' : undefined);
    const time = { checkedAt: new Date().toISOString(), tookMs: Math.round(performance.now() - started) };
    return down === undefined ? { status: 'up', ...time } : { status: 'down', ...time, code: down };
  }
}

/** @returns A check that reuses its result, one for each client: one at a time, however many callers; its age counts from its end. */
export function cachedHealthCheck({ cacheMs = 10_000, ...options }: HealthCheckOptions = {}) {
  const latest = new WeakMap<HealthMonitor, { health: Promise<Health>; validUntil: number }>();
  return (monitor: HealthMonitor, proxyUrl?: string): Promise<Health> => {
    const known = latest.get(monitor);
    if (known && Date.now() < known.validUntil) return known.health;
    const health = monitor.check({ ...options, proxyUrl: options.proxyUrl ?? proxyUrl });
    const entry = { health, validUntil: Number.POSITIVE_INFINITY };
    latest.set(monitor, entry);
    health.then(
      () => {
        entry.validUntil = Date.now() + cacheMs;
      },
      () => latest.delete(monitor),
    );
    return health;
  };
}

function findFailure({ steps }: ConnectionReport): string | undefined {
  const failed = steps.find(({ status }) => status === 'failed');
  const code = failed?.code ?? (steps.some(({ status }) => status === 'ok') ? undefined : 'CONFIGURATION_MISSING');
  if (!code?.startsWith('CONFIGURATION_')) return code;
  const { detail = '', hint = 'Correct the settings of the client.' } = failed ?? steps[0] ?? {};
  throw new AdapterError(code, detail, { title: 'A setting is missing or wrong', hint });
}
