import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { errorCodes } from '../../src/errors/codes.ts';
import {
  ConfigurationError,
  CredentialsError,
  isSignStashError,
  NetworkError,
  OutcomeUnknownError,
  ServiceRejectedError,
} from '../../src/errors/errors.ts';

const secret = 'p%40ss+word/42';
const token = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2lnbmF0dXJl';

/** Everything that `console.log` or an error reporter could print. */
const everything = (error: unknown) =>
  [
    String(error),
    (error as Error).stack,
    JSON.stringify(error),
    inspect(error, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true }),
  ].join('\n');

describe('errors', () => {
  test('no secret from a cause, a message or the service is printed', () => {
    const cause = Object.assign(new TypeError(`fetch failed with Authorization: Bearer ${token}`), {
      request: { headers: { authorization: `Basic ${Buffer.from(`id:${secret}`).toString('base64')}` } },
    });
    const errors = [
      new NetworkError('NETWORK_INTERRUPTED', `POST https://id:${secret}@host/ broke`, { cause }),
      new ServiceRejectedError('SERVICE_REJECTED', 'no', {
        description: `token ${token} is bad`,
        causeMessage: `client_secret=${secret}`,
      }),
      new CredentialsError('refused', { cause: { access_token: token, nested: cause } }),
    ];
    for (const error of errors) {
      const printed = everything(error);
      expect(printed).not.toContain(secret);
      expect(printed).not.toContain(token);
      expect(printed).not.toContain(Buffer.from(`id:${secret}`).toString('base64'));
    }
  });

  test('every error has its code, class name, hint and whether a retry may help', () => {
    const error = new OutcomeUnknownError('two in doubt', { references: ['a', 'b'] });
    expect(error).toMatchObject({
      name: 'OutcomeUnknownError',
      code: 'OUTCOME_UNKNOWN',
      retryable: false,
      references: ['a', 'b'],
    });
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({
      name: 'OutcomeUnknownError',
      references: ['a', 'b'],
      hint: error.hint,
    });
    expect(Object.keys(error)).not.toContain('operationId');
  });

  test('a configuration error names its setting, a credentials error both of its settings', () => {
    expect(new ConfigurationError('CONFIGURATION_MISSING', 'clientId', 'x').setting).toBe('clientId');
    expect(new CredentialsError('x').hint).toMatch(/client id.*client secret/);
  });

  test('an error of another copy of this package is recognised, anything else is not', () => {
    const foreign = { [Symbol.for('@signstash-connect/core/error')]: true };
    expect([new CredentialsError('x'), foreign, new Error('x'), null, 'x'].map(isSignStashError)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test('every hint is a sentence', () => {
    for (const [code, { hint }] of Object.entries(errorCodes))
      expect([code, hint]).toEqual([code, expect.stringMatching(/^[A-Z].{15,}\.$/)]);
  });
});
