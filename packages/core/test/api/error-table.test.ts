import { describe, expect, it } from 'vitest';
import {
  actionFor,
  classify,
  type ErrorAction,
  findStopReason,
  serviceErrorFamilies,
  serviceErrorRest,
  serviceErrorStatuses,
  serviceErrors,
} from '../../src/api/error-table.ts';
import { isTokenRefused, serviceError } from '../../src/api/response/service-error.ts';
import { NetworkError, OutcomeUnknownError } from '../../src/errors/errors.ts';

/** The table of section 7 of the API reference, written independently of the implementation: status, code, action. */
const documented: [number, string | null, ErrorAction][] = [
  [500, '0.0.1', 'look-up'],
  [500, '0.0.2', 'refuse'],
  [500, '0.0.3', 'stop'],
  [500, '0.0.4', 'refuse'],
  [500, '0.0.5', 'look-up'],
  [500, '0.0.6', 'refuse'],
  [409, '0.0.7', 'look-up-only'],
  [409, '0.0.10', 'renew-token'],
  [429, null, 'slow-down'],
  [401, '1.1.0', 'stop'],
  [401, '1.1.1', 'stop'],
  [409, '1.1.2', 'stop'],
  [409, '1.1.3', 'stop'],
  [400, '1.1.4', 'stop'],
  [403, '1.2.0', 'stop'],
  [403, '1.3.0', 'stop'],
  [500, '2.2.1', 'refuse'],
];

const answer = (status: number, errorCode: string | null, headers: Record<string, string> = {}) => ({
  status,
  headers,
  text: JSON.stringify({ errorCode, errorCodeDescription: 'Description', causeMessage: 'Cause' }),
});

describe('the error table', () => {
  it.each(documented)('%i with %s: %s', (status, errorCode, action) => {
    expect(classify(status, errorCode === null ? {} : { errorCode }).action).toBe(action);
  });

  it('has every documented code, and no other', () => {
    const codes = documented.flatMap(([, errorCode]) => (errorCode === null ? [] : [errorCode]));
    expect(serviceErrors.map(({ errorCode }) => errorCode)).toEqual(codes);
  });

  it.each(documented.filter(([, errorCode]) => errorCode !== null))(
    'the code decides, whatever the status is: %i with %s',
    (_, errorCode, action) => {
      for (const status of [400, 401, 403, 404, 409, 429, 500, 503]) {
        expect(classify(status, { errorCode: errorCode as string }).action).toBe(action);
      }
    },
  );

  it.each<[number, string | undefined, ErrorAction]>([
    [500, '2.7.3', 'refuse'],
    [200, '2.0', 'refuse'],
    [500, '1.9.9', 'stop'],
    [401, '1.9.9', 'stop'],
    [500, '0.0.99', 'look-up'],
    [400, '0.0.99', 'refuse'],
    [409, '0.0.99', 'look-up-only'],
    [400, '10.1', 'refuse'],
    [401, 'invalid_token', 'renew-token'],
    [401, undefined, 'renew-token'],
    [403, undefined, 'fail'],
    [404, undefined, 'fail'],
    [408, undefined, 'look-up'],
    [413, undefined, 'divide'],
    [502, undefined, 'look-up'],
    [503, undefined, 'look-up'],
    [504, undefined, 'look-up'],
  ])('an unknown code is taken by its family, else by the status: %i with %s', (status, errorCode, action) => {
    expect(classify(status, { errorCode }).action).toBe(action);
  });

  it('recognises too many requests and a used-up quota by the message', () => {
    expect(classify(409, { description: 'Too many request' }).action).toBe('slow-down');
    expect(classify(422, { errorCode: 'USAGE_LIMIT_EXCEEDED' })).toMatchObject({
      action: 'stop',
      code: 'QUOTA_EXCEEDED',
    });
    expect(classify(503, { retryAfterSeconds: 3 }).action).toBe('retry');
  });

  it('has a fix for every row that is a sentence', () => {
    for (const { fix } of [...serviceErrors, ...serviceErrorFamilies, ...serviceErrorStatuses, ...serviceErrorRest]) {
      if (fix !== undefined) expect(fix).toMatch(/^[A-Z].{15,}\.$/);
    }
  });

  it.each(documented)(
    'an error for %i with %s has the code, the message of the service and the fix',
    (status, errorCode) => {
      const error = serviceError('sign', answer(status, errorCode), { document: 'a.pdf' });
      const said = `${errorCode ? `${errorCode}: ` : ''}Description: Cause`;
      expect(error.message).toBe(`sign: the service answered ${status}, ${said}.`);
      expect(error).toMatchObject({ status, document: 'a.pdf', hint: expect.stringMatching(/^[A-Z].{15,}\.$/) });
      if (error.name !== 'TokenError') expect(error).toMatchObject(errorCode ? { errorCode } : {});
    },
  );

  it.each(documented)('the action for an error is that of its answer: %i with %s', (status, errorCode, action) => {
    const error = serviceError('sign', answer(status, errorCode));
    // If the renewed token is refused as well, the call fails.
    expect(actionFor(error)).toBe(action === 'renew-token' ? 'stop' : action);
  });

  it('a batch stops for a failure that every document would have, even if it leaves an outcome unknown', () => {
    const inactive = serviceError('sign', answer(401, '1.1.1'));
    const unknown = (cause: Error) => new OutcomeUnknownError('x', { references: ['a'], cause });
    expect([inactive, unknown(inactive)].map(findStopReason)).toEqual([inactive, inactive]);
    expect(findStopReason(serviceError('sign', answer(500, '0.0.4')))).toBeUndefined();
    expect(findStopReason(unknown(new NetworkError('NETWORK_INTERRUPTED', 'x')))).toBeUndefined();
  });

  it('only 401 without an account code and 0.0.10 mean that the token is refused', () => {
    const refused = documented.filter(([status, errorCode]) => isTokenRefused(answer(status, errorCode)));
    expect(refused.map(([, errorCode]) => errorCode)).toEqual(['0.0.10']);
    expect(isTokenRefused({ status: 401, headers: {}, text: '' })).toBe(true);
    expect(isTokenRefused({ status: 401, headers: {}, text: '<html>' })).toBe(true);
    expect(isTokenRefused({ status: 200, headers: {}, text: '{"errorCode":"0.0.10"}' })).toBe(false);
  });
});
