import { randomUUID } from 'node:crypto';
import type { ErrorRequestHandler, Request } from 'express';
import { checkOptions } from './check-options.ts';
import type { SealHttpError } from './errors/seal-http-error.ts';
import { knownHttpError } from './errors/to-http-error.ts';

/** An answer of RFC 9457, `application/problem+json`. */
export interface Problem {
  /** `urn:signstash-connect:problem:` and the code in lower case. */
  type: string;
  title: string;
  status: number;
  detail: string;
  /** New for each answer, to find it in the logs. */
  instance: string;
  code: string;
  /** One entry a document that was not sealed, where several were uploaded. */
  errors?: { name: string; code: string; detail: string }[];
}

export interface ProblemDetailsOptions {
  /** Told of every problem that is answered, with the error in full: the place to log. */
  onProblem?: (problem: Problem, error: SealHttpError, req: Request) => void;
}

/**
 * Answers this package's and the core's errors as problem details; passes every other error on.
 * Secrets, addresses and the service's words stay in the error: a caller only reads of the caller's own mistakes.
 */
export function problemDetails(options: ProblemDetailsOptions = {}): ErrorRequestHandler {
  checkOptions('problemDetails', options, ['onProblem']);
  return (error, req, res, next) => {
    const known = knownHttpError(error);
    if (known === undefined || res.headersSent) return next(error);
    const problem = describe(known);
    options.onProblem?.(problem, known, req);
    // The caller has gone: nobody reads an answer.
    if (res.destroyed) return;
    res.status(known.status).set(known.headers).set('Cache-Control', 'no-store');
    const body = Buffer.from(JSON.stringify(problem));
    res.set({ 'Content-Type': 'application/problem+json', 'Content-Length': String(body.byteLength) });
    res.end(body);
  };
}

function describe(error: SealHttpError): Problem {
  const { status, code, results } = error;
  const failed = results?.filter((result) => !result.ok);
  return {
    type: `urn:signstash-connect:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title: titles[status] ?? 'The document could not be sealed',
    status,
    detail: error.expose ? error.message : (details[status] ?? details[500]!),
    instance: `urn:uuid:${randomUUID()}`,
    code,
    ...(failed && {
      errors: failed.map(({ name, error: cause }) => {
        const { code, expose, message, status } = knownHttpError(cause)!;
        return { name, code, detail: expose ? message : (details[status] ?? details[500]!) };
      }),
    }),
  };
}

const titles: Record<number, string> = {
  400: 'The upload could not be read',
  404: 'Not found',
  413: 'Too large',
  415: 'Unsupported type of upload',
  422: 'The document cannot be sealed',
  500: 'This server could not have the document sealed',
  502: 'The signing service failed',
  503: 'The signing service is not available',
  504: 'The signing service did not answer in time',
};

const details: Record<number, string> = {
  404: 'The signing service knows no such operation or document.',
  413: 'The signing service takes no request of this size.',
  422: 'The signing service refused the document.',
  500: 'The fault lies with this server; the same request will fail again until it is mended.',
  502: 'The signing service refused the request or gave no usable answer.',
  503: 'No document can be sealed at the moment; try again later.',
  504: 'The document may have been sealed all the same; the same request will find out.',
};
