import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { DeskError } from './desk-error.ts';

/** Headers that let the page do what it does, and nothing else. */
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
    // On loopback there is no TLS to insist on; behind a proxy with TLS the proxy says so.
    strictTransportSecurity: false,
  });
}

/**
 * Other names than the desk's own are refused: a foreign page could point its name at this address and then count as the same
 * origin (DNS rebinding).
 */
export function knownHosts(names: readonly string[]): RequestHandler {
  const known = new Set(['localhost', '127.0.0.1', '[::1]', ...names]);
  return (req, _res, next) => {
    const name = (req.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    next(
      known.has(name) ? undefined : new DeskError('HOST_UNKNOWN', 421, 'This desk does not answer under that name.'),
    );
  };
}

/**
 * Browsers say where a request comes from, and no page can make them lie: whatever changes something must come from the desk's
 * own page. Programs such as curl say nothing; they carry no user's rights either.
 */
export const ownPageOnly: RequestHandler = (req, _res, next) => {
  if (req.method === 'GET' || req.method === 'HEAD') return next();
  const site = req.headers['sec-fetch-site'];
  const { origin, host } = req.headers;
  const own = site === undefined ? origin === undefined || hostOf(origin) === host : site === 'same-origin';
  next(own ? undefined : new DeskError('ORIGIN_FOREIGN', 403, 'Requests from other pages are refused.'));
};

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined);
