import { type ErrorCode, ServiceRejectedError, SignStashError, ValidationError } from '@signstash-connect/core';
import { errorCodes } from '@signstash-connect/core/adapter';
import { TimeoutError } from '@signstash-connect/core/client';
import { describe, expect, it } from 'vitest';
import { knownHttpError } from '../src/errors.ts';
import { type Problem, problemDetails, type SignHttpError } from '../src/index.ts';
import { majors } from './support/express-majors.ts';
import { listen } from './support/listen.ts';

class AnyError extends SignStashError {}

describe.each(majors)('problemDetails on %s', (_major, express) => {
  const answerTo = async (error: unknown, options?: Parameters<typeof problemDetails>[0]) => {
    const app = express();
    app.set('env', 'test');
    app.get('/', (_req, res, next) => {
      res.set('X-Kept', 'yes');
      next(error);
    });
    app.use(problemDetails(options));
    return fetch(await listen(app));
  };

  it('responds with problem details as defined by RFC 9457', async () => {
    const told: [Problem, SignHttpError][] = [];
    const cause = new TimeoutError('sign: no answer from https://api.internal within 5 s.', { operationId: '7' });
    const answer = await answerTo(cause, { onProblem: (problem, error) => told.push([problem, error]) });
    expect(answer.status).toBe(504);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-kept')).toBe('yes');
    const problem = (await answer.json()) as Problem;
    expect(problem).toEqual({
      type: 'urn:signstash-connect:problem:timeout',
      title: "Sign'Stash did not answer in time",
      status: 504,
      detail: 'The document may have been signed; send the same request again to find out.',
      instance: expect.stringMatching(/^urn:uuid:[\da-f-]{36}$/),
      code: 'TIMEOUT',
    });
    expect(told).toHaveLength(1);
    expect(told[0]![0]).toEqual(problem);
    expect(told[0]![1].cause).toBe(cause);
  });

  it('sends Retry-After', async () => {
    const limited = new ServiceRejectedError('RATE_LIMITED', 'Slower.', { retryAfterSeconds: 7.2 }, { status: 429 });
    const answer = await answerTo(limited);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('8');
  });

  it('sends at most 600 seconds as Retry-After', async () => {
    const limited = new ServiceRejectedError('RATE_LIMITED', 'Slower.', { retryAfterSeconds: 1e9 }, { status: 429 });
    expect((await answerTo(limited)).headers.get('retry-after')).toBe('600');
  });

  it('logs each problem with its cause, as a warning below 500', async () => {
    const lines: [string, string, unknown][] = [];
    const logger = {
      warn: (message: string, details: unknown) => lines.push(['warn', message, details]),
      error: (message: string, details: unknown) => lines.push(['error', message, details]),
    };
    const timeout = new TimeoutError('sign: no answer within 5 s.');
    const answer = await answerTo(timeout, { logger });
    const { instance } = (await answer.json()) as Problem;
    await answerTo(new ValidationError('DOCUMENT_ENCRYPTED', 'a.pdf is encrypted.'), { logger });
    expect(lines.map(([level, message]) => [level, message])).toEqual([
      ['error', 'GET /: 504 TIMEOUT: sign: no answer within 5 s.'],
      ['warn', 'GET /: 422 DOCUMENT_ENCRYPTED: a.pdf is encrypted.'],
    ]);
    expect(lines[0]![2]).toMatchObject({ code: 'TIMEOUT', status: 504, instance, cause: timeout });
  });

  it("shows details of the caller's own mistakes only", async () => {
    const own = new ValidationError('DOCUMENT_ENCRYPTED', 'a.pdf is encrypted.');
    expect(await (await answerTo(own)).json()).toMatchObject({ status: 422, detail: 'a.pdf is encrypted.' });
    const words = { errorCode: 'E1', description: 'alias PRT.1 unknown' };
    const theirs = new ServiceRejectedError('SERVICE_REJECTED', 'sign: 400, alias PRT.1 unknown.', words, {
      status: 400,
    });
    const text = await (await answerTo(theirs)).text();
    expect(JSON.parse(text)).toMatchObject({ status: 422, code: 'SERVICE_REJECTED' });
    expect(text).not.toContain('PRT.1');
  });

  it("leaves other errors to the application's own handler", async () => {
    expect((await answerTo(Object.assign(new Error('I am a teapot'), { status: 418 }))).status).toBe(418);
  });
});

describe('the status of an error', () => {
  const status = (code: ErrorCode, upstream?: number) =>
    knownHttpError(new AnyError(code, 'x', { status: upstream }))!.status;

  it('is never 401 or 403, which would be about the caller, whatever the service answered', () => {
    for (const code of Object.keys(errorCodes) as ErrorCode[]) {
      for (const upstream of [undefined, 400, 401, 403, 404, 429, 500, 503]) {
        expect([404, 413, 422, 500, 502, 503, 504], code).toContain(status(code, upstream));
      }
    }
  });

  it.each<[ErrorCode, number | undefined, number]>([
    ['CREDENTIALS_REFUSED', 401, 502],
    ['TOKEN_REFUSED', 401, 502],
    ['SERVICE_REJECTED', 403, 502],
    ['SERVICE_REJECTED', 422, 422],
    ['TIMEOUT', undefined, 504],
    ['RATE_LIMITED', 429, 503],
    ['DOCUMENT_NOT_PDF', undefined, 422],
    ['DOCUMENT_ENCRYPTED', undefined, 422],
    ['DOCUMENT_TOO_LARGE', undefined, 413],
    ['PAYLOAD_TOO_LARGE', 413, 413],
    ['NETWORK_UNREACHABLE', undefined, 502],
    ['CONFIGURATION_MISSING', undefined, 500],
    ['QUOTA_EXCEEDED', 400, 503],
  ])('%s (service: %s) is %i', (code, upstream, expected) => {
    expect(status(code, upstream)).toBe(expected);
  });

  it('comes with Retry-After only if waiting helps', () => {
    const headers = (code: ErrorCode) => knownHttpError(new AnyError(code, 'x'))!.headers;
    expect(headers('RATE_LIMITED')).toEqual({ 'Retry-After': '30' });
    expect(headers('QUOTA_EXCEEDED')).toEqual({});
    expect(headers('TIMEOUT')).toEqual({});
  });
});
