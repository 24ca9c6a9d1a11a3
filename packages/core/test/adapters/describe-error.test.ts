import { describe, expect, it } from 'vitest';
import { AdapterError, describeError, errorCodes } from '../../src/adapter.ts';
import {
  ConfigurationError,
  type ErrorCode,
  OutcomeUnknownError,
  ServiceRejectedError,
  SignStashError,
  ValidationError,
} from '../../src/index.ts';

const codes = Object.keys(errorCodes) as ErrorCode[];

class AnyError extends SignStashError {}

describe('describeError', () => {
  it.each(codes)('has a title, a fix and a status for %s', (code) => {
    const plain = describeError(new AnyError(code, 'message'));
    expect(plain).toMatchObject({ code, detail: 'message' });
    expect(plain.title).toMatch(/^[A-Z].{8,70}[^.]$/);
    expect(plain.hint).toMatch(/^[A-Z].+[.]$/);
    expect(plain.httpStatus).toBeGreaterThanOrEqual(404);
    // A platform without a name for a setting must not see a gap, nor one with names lose the sentence.
    for (const nameOf of [() => undefined, (setting: string) => `--${setting}`]) {
      const { hint } = describeError(new AnyError(code, 'message'), { nameOf, retryAdvice: 'Run it again.' });
      expect(hint).not.toMatch(/undefined| {2}|,\.|\.\.| ,/);
      expect(hint).toMatch(/^[A-Z].+[.]$/);
    }
  });

  it('gives every code its own title', () => {
    const titles = codes.map((code) => describeError(new AnyError(code, 'message')).title);
    expect(new Set(titles).size).toBe(codes.length);
  });

  it('names settings as the platform does', () => {
    const nameOf = (setting: string) =>
      ({ clientId: 'client-id', clientSecret: 'client-secret', tokenUrl: 'token-url' })[setting];
    expect(describeError(new AnyError('CREDENTIALS_REFUSED', 'm'), { nameOf }).hint).toMatch(
      /client-id .* client-secret/,
    );
    const error = new ConfigurationError('CONFIGURATION_INVALID', 'authorizationServer.tokenUrl', 'm');
    expect(describeError(error, { nameOf }).setting).toBe('token-url');
  });

  it('prefers the hint of an error over that of its code', () => {
    const error = new ValidationError('DOCUMENT_NOT_PDF', 'm', { hint: 'Print it as a PDF.' });
    expect(describeError(error).hint).toBe('Print it as a PDF.');
  });

  it('uses the advice of the platform if running again is safe', () => {
    const retryAdvice = 'Run the job again.';
    const error = new OutcomeUnknownError('m', { references: ['r'], operationId: '7' });
    expect(describeError(error, { retryAdvice })).toMatchObject({
      hint: retryAdvice,
      references: ['r'],
      operationId: '7',
    });
    expect(describeError(new AnyError('TIMEOUT', 'm'), { retryAdvice, nameOf: () => 'timeout' }).hint).toBe(
      'Run the job again. If this happens often, raise timeout.',
    );
  });

  it('shows a remote caller only errors in its own input', () => {
    const own = describeError(new ValidationError('DOCUMENT_NOT_PDF', 'a.txt is not a PDF.'));
    expect(own).toMatchObject({ httpStatus: 422, expose: true, publicDetail: 'a.txt is not a PDF.' });
    const upstream = describeError(
      new ServiceRejectedError('SERVICE_REJECTED', 'at 10.0.0.1: no', {}, { status: 401 }),
    );
    expect(upstream).toMatchObject({ httpStatus: 502, expose: false });
    expect(upstream.publicDetail).not.toContain('10.0.0.1');
    expect(describeError(new ServiceRejectedError('SERVICE_REJECTED', 'no', {}, { status: 400 })).httpStatus).toBe(422);
  });

  it('reports how long to wait', () => {
    const error = new ServiceRejectedError('RATE_LIMITED', 'm', { retryAfterSeconds: 1.2 });
    expect(describeError(error).retryAfterSeconds).toBe(2);
    expect(describeError(new AnyError('SERVICE_UNAVAILABLE', 'm')).retryAfterSeconds).toBe(30);
    expect(describeError(new AnyError('QUOTA_EXCEEDED', 'm')).retryAfterSeconds).toBeUndefined();
  });

  it('describes errors of adapters and unexpected ones without secrets', () => {
    const error = new AdapterError('UPLOAD_MISSING', 'No file.', {
      title: 'No upload',
      hint: 'Send one.',
      httpStatus: 400,
    });
    expect(describeError(error)).toMatchObject({
      code: 'UPLOAD_MISSING',
      title: 'No upload',
      httpStatus: 400,
      expose: true,
    });
    const secret = describeError(new Error('Authorization: Bearer abcdef'));
    expect(secret).toMatchObject({ code: 'UNEXPECTED', httpStatus: 500, expose: false });
    expect(JSON.stringify(secret)).not.toContain('abcdef');
    expect(describeError('text').detail).toBe('text');
  });

  it('describes a code of a newer copy of core', () => {
    const error = Object.assign(new AnyError('TIMEOUT', 'm'), { code: 'NEW_CODE', hint: 'Do this.' });
    expect(describeError(error)).toMatchObject({ code: 'NEW_CODE', hint: 'Do this.', httpStatus: 502 });
  });
});
