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
    logProblem(options.logger, problem, known, req);
    // The caller has disconnected.
    if (res.destroyed) return;
    res.status(known.status).set(known.headers).set('Cache-Control', 'no-store');
    const body = Buffer.from(JSON.stringify(problem));
    res.set({ 'Content-Type': 'application/problem+json', 'Content-Length': String(body.byteLength) });
    res.end(body);
  };
}

function logProblem(logger: Logger | undefined, problem: Problem, error: SignHttpError, req: Request): void {
  if (logger === undefined) return;
  const { status, code, instance } = problem;
  // The path only: a query may hold personal data.
  const message = `${req.method} ${req.baseUrl}${req.path}: ${status} ${code}: ${error.message}`;
  logger[status < 500 ? 'warn' : 'error'](message, { code, status, instance, hint: error.hint, cause: error.cause });
}

function toProblem(error: SignHttpError): Problem {
  const { status, code, results } = error;
  const failed = results?.filter((result) => !result.ok);
  return {
    type: `urn:signstash-connect:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title: titles[status] ?? 'The document could not be signed',
    status,
    detail: publicDetail(error),
    instance: `urn:uuid:${randomUUID()}`,
    code,
    ...(failed && {
      errors: failed.map(({ name, error: cause }) => {
        const known = knownHttpError(cause)!;
        return { name, code: known.code, detail: publicDetail(known) };
      }),
    }),
  };
}

const publicDetail = ({ expose, message, status }: SignHttpError): string =>
  expose ? message : (details[status] ?? details[500]!);

const titles: Record<number, string> = {
  400: 'The upload could not be read',
  404: 'Not found',
  413: 'Too large',
  415: 'Unsupported type of upload',
  422: 'The document cannot be signed',
  500: 'This server could not get the document signed',
  502: 'The signing service failed',
  503: 'The signing service is not available',
  504: 'The signing service did not respond in time',
};

const details: Record<number, string> = {
  404: 'The signing service has no such operation or document.',
  413: 'The signing service does not accept a request of this size.',
  422: 'The signing service refused the document.',
  500: 'The cause is on this server; the same request will fail again until it is fixed.',
  502: 'The signing service refused the request or gave no usable response.',
  503: 'No document can be signed at the moment; try again later.',
  504: 'The document may have been signed; send the same request again to find out.',
};
