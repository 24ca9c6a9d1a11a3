import { cachedHealthCheck } from '@signstash-connect/core/adapter/node';
import type { RequestHandler } from 'express';
import { toHttpError } from './errors.ts';
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

/**
 * A route that reports whether documents could be signed now: a token, the API, the on-premise proxy and the quota are checked.
 * Nothing is signed and nothing counts against the quota. Responds with 200 if `status` is `up`, else with 503.
 */
export function healthcheck(options: HealthcheckOptions = {}): RequestHandler {
  const where = 'healthcheck';
  checkOptions(where, options, ['client', 'proxyUrl', 'timeoutMs', 'cacheMs'], ['timeoutMs']);
  const findClient = clientFinder(where, options.client);
  const check = cachedHealthCheck(options);

  return (_req, res, next) => {
    const respond = async () => {
      const { monitor, proxyUrl } = clientState(findClient(res));
      const health = await check(monitor, proxyUrl);
      res.set('Cache-Control', 'no-store');
      res.status(health.status === 'up' ? 200 : 503).json(health);
    };
    respond().catch((error) => next(toHttpError(error)));
  };
}
