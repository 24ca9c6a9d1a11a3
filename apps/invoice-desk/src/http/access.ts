import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { DeskError } from './desk-error.ts';

const cookieName = 'desk-access';

/**
 * Permits only requests with the access token: a browser that opened the address printed at the start, which is given a cookie, or a
 * program that sends `Authorization: Bearer …`. Without it, any process on the computer could fetch the documents.
 */
export function requireAccess(token: string): RequestHandler {
  const matches = (given: string | undefined) => given !== undefined && timingSafeEqual(digest(given), digest(token));
  return (req, res, next) => {
    const { access } = req.query;
    if (req.method === 'GET' && typeof access === 'string' && matches(access)) {
      res.cookie(cookieName, token, { httpOnly: true, sameSite: 'strict', secure: req.secure, path: '/' });
      // The token must stay neither in the address bar nor in the history.
      return res.redirect(303, req.path);
    }
    if (matches(bearer(req)) || matches(cookie(req))) return next();
    next(
      new DeskError(
        'ACCESS_DENIED',
        401,
        'Open the address that the desk printed when it started, or send its access token.',
      ),
    );
  };
}

/** Hashed, so that the comparison takes equally long for every length. */
const digest = (value: string): Buffer => createHash('sha256').update(value).digest();

const bearer = (req: Request): string | undefined => /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? '')?.[1];

function cookie(req: Request): string | undefined {
  const pairs = (req.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return pairs.find(([name]) => name === cookieName)?.[1];
}
