import { randomUUID } from 'node:crypto';
import type { ErrorRequestHandler, Request } from 'express';
import { knownHttpError, type SignHttpError } from './errors.ts';
import { checkOptions, type Logger } from './options.ts';

/** A response body as in RFC 9457, `application/problem+json`. */
export interface Problem {
  /** `urn:signstash-connect:problem:` and the code in lower case. */
  type: string;
  title: string;
  status: number;
  detail: string;
  /** Unique for each response, to find it in the logs. */
  instance: string;
  code: string;
  /** One entry per document that was not signed, if several were uploaded. */
  errors?: { name: string; code: string; detail: string }[];
}

export interface ProblemDetailsOptions {
  /** Called with every problem that is sent and the full error. */
  onProblem?: (problem: Problem, error: SignHttpError, req: Request) => void;
  /** Logs every problem: `warn` for a status below 500, `error` from 500. Messages hold no secrets. */
  logger?: Logger;
}

/**
 * Sends this package's and core's errors as problem details; passes every other error on.
 * Secrets, addresses and the service's text stay in the error: a caller only reads about the caller's own input.
 */
export function problemDetails(options: ProblemDetailsOptions = {}): ErrorRequestHandler {
  checkOptions('problemDetails', options, ['onProblem', 'logger']);
  return (error, req, res, next) => {
    const known = knownHttpError(error);
    if (known === undefined || res.headersSent) return next(error);
    const problem = toProblem(known);
    options.onProblem?.(problem, known, req);
    const { status, code, instance } = problem;
    // The path only: a query may hold personal data.
    const message = `${req.method} ${req.baseUrl}${req.path}: ${status} ${code}: ${known.message}`;
    const { hint, cause } = known;
    options.logger?.[status < 500 ? 'warn' : 'error'](message, { code, status, instance, hint, cause });
    // The caller has disconnected.
    if (res.destroyed) return;
    res.status(status).set(known.headers).set('Cache-Control', 'no-store');
    const body = Buffer.from(JSON.stringify(problem));
    res.set({ 'Content-Type': 'application/problem+json', 'Content-Length': String(body.byteLength) });
    res.end(body);
  };
}

function toProblem({ status, code, title, publicDetail, results }: SignHttpError): Problem {
  const errors = results?.flatMap((result) => {
    if (result.ok) return [];
    const { code, publicDetail } = knownHttpError(result.error)!;
    return [{ name: result.name, code, detail: publicDetail }];
  });
  const type = `urn:signstash-connect:problem:${code.toLowerCase().replaceAll('_', '-')}`;
  const instance = `urn:uuid:${randomUUID()}`;
  return { type, title, status, detail: publicDetail, instance, code, ...(errors && { errors }) };
}
