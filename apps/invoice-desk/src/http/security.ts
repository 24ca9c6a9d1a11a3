import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { DeskError } from './desk-error.ts';

/** Headers that allow what the page needs, and nothing else. */
export function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        workerSrc: ["'self'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    // On loopback there is no TLS; behind a TLS proxy the proxy sends this header.
    strictTransportSecurity: false,
  });
}

/**
 * Refuses host names other than the desk's own: another site could point its name at this address and then count as the same
 * origin (DNS rebinding).
 */
export function knownHosts(names: readonly string[]): RequestHandler {
  const known = new Set(names);
  return (req, _res, next) => {
    const name = (req.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    next(
      known.has(name)
        ? undefined
        : new DeskError(
            'HOST_UNKNOWN',
            421,
            'The desk does not serve this host name; DESK_HOST_NAMES lists the names that it serves.',
          ),
    );
  };
}

/**
 * Requests that change something must come from the desk's own page. Browsers send their origin and no page can forge it;
 * programs such as curl send none, and no cookie either.
 */
export const ownPageOnly: RequestHandler = (req, _res, next) => {
  if (req.method === 'GET' || req.method === 'HEAD') return next();
  const site = req.headers['sec-fetch-site'];
  const { origin, host } = req.headers;
  const own = site === undefined ? origin === undefined || hostOf(origin) === host : site === 'same-origin';
  next(own ? undefined : new DeskError('ORIGIN_FOREIGN', 403, 'Requests from other pages are refused.'));
};

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined);
