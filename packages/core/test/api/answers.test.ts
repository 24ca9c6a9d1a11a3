import { describe, expect, test } from 'vitest';
import { isNotFound } from '../../src/api/assumptions.ts';
import { parseOperation } from '../../src/api/response/operation.ts';
import { parseJson } from '../../src/api/response/parse-json.ts';
import { parseRetryAfter, serviceError } from '../../src/api/response/service-error.ts';

const operation = (text: string) => parseOperation(parseJson(text, 'detail'), 'detail');

describe('operations', () => {
  test('an id beyond 2^53 is not rounded', () => {
    expect(operation('{"id":9223372036854775807,"status":"EXECUTED"}').id).toBe('9223372036854775807');
  });

  test('unknown values and unknown fields survive', () => {
    const found = operation(
      '{"id":1,"status":"NEW_STATUS","later":{"a":1},"documentList":[{"externalReference":"r","signStatus":"PAUSED","x":2}]}',
    );
    expect(found).toMatchObject({ status: 'NEW_STATUS', raw: { later: { a: 1 } } });
    expect(found.documents[0]).toMatchObject({ reference: 'r', status: 'PAUSED', raw: { x: 2 } });
  });

  test("quota and dates are read in both of Java's spellings", () => {
    const company = { limitUsageCount: 100, limitCurrentConsumption: 7, limitPeriodStartDate: 1767225600000 };
    const found = operation(
      JSON.stringify({ id: 1, creationDate: '2026-01-02T03:04:05.000+0000', issuerCompany: company }),
    );
    expect(found.quota).toEqual({ limit: 100, used: 7, periodStart: new Date('2026-01-01T00:00:00Z') });
    expect(operation('{"id":1,"creationDate":"yesterday"}')).not.toHaveProperty('createdAt');
  });

  test.each([
    ['', 'PROTOCOL_UNEXPECTED', 'empty'],
    ['<html><head><title>502 Bad Gateway</title>', 'PROTOCOL_UNEXPECTED', 'web page, not JSON ("502 Bad Gateway")'],
    ['{"id":1,"sta', 'PROTOCOL_TRUNCATED', 'ended after 12 characters'],
    ['[]', 'PROTOCOL_UNEXPECTED', 'not an operation'],
    ['{"status":"EXECUTED"}', 'PROTOCOL_UNEXPECTED', 'no operation id'],
    ['{"id":1,"documentList":[{}]}', 'PROTOCOL_UNEXPECTED', 'without its reference'],
    ['nonsense}', 'PROTOCOL_UNEXPECTED', 'not JSON'],
  ])('%j is a clear protocol error', (text, code, words) => {
    expect(() => operation(text)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(words) }));
  });
});

describe('refusals', () => {
  const refusal = (status: number, body: unknown, headers = {}) =>
    serviceError('sign', { status, headers, text: typeof body === 'string' ? body : JSON.stringify(body) });

  test('the message of the service is kept', () => {
    const body = { errorCode: 'E17', errorCodeDescription: 'Bad template', causeMessage: 'line 1' };
    expect(refusal(400, body)).toMatchObject({
      code: 'SERVICE_REJECTED',
      status: 400,
      errorCode: 'E17',
      description: 'Bad template',
      causeMessage: 'line 1',
      message: 'sign: the service answered 400, E17: Bad template: line 1.',
    });
  });

  test('the full stops of the service do not pile up in the message, and its own texts stay as sent', () => {
    const body = { errorCode: '1.0.1', errorCodeDescription: 'Operation not found.', causeMessage: 'No operation 1.' };
    const error = refusal(404, body);
    expect(error.message).toBe('sign: the service answered 404, 1.0.1: Operation not found: No operation 1.');
    expect(error).toMatchObject({ description: 'Operation not found.', causeMessage: 'No operation 1.' });
    expect(refusal(404, { ...body, causeMessage: ' . ' }).message).toBe(
      'sign: the service answered 404, 1.0.1: Operation not found.',
    );
  });

  test.each([
    [413, 'PAYLOAD_TOO_LARGE', false],
    [429, 'RATE_LIMITED', true],
    [503, 'SERVICE_UNAVAILABLE', true],
    [500, 'SERVICE_FAILED', true],
    [504, 'SERVICE_FAILED', true],
    [422, 'SERVICE_REJECTED', false],
  ])('%i is %s', (status, code, retryable) => {
    expect(refusal(status, '<html><title>Gateway</title>')).toMatchObject({
      code,
      retryable,
      message: expect.stringContaining('("Gateway")'),
    });
  });

  test('an exceeded quota is distinguished from other refusals', () => {
    expect(refusal(422, { errorCode: 'USAGE_LIMIT_EXCEEDED' }).code).toBe('QUOTA_EXCEEDED');
    expect(
      refusal(422, { errorCode: 'FIELD_LIMIT', errorCodeDescription: 'reason is limited to 100 characters' }).code,
    ).toBe('SERVICE_REJECTED');
  });

  test('Retry-After is read as seconds and as a date', () => {
    expect(parseRetryAfter('7')).toBe(7);
    expect(parseRetryAfter('Wed, 21 Oct 2026 07:28:10 GMT', Date.parse('2026-10-21T07:28:00Z'))).toBe(10);
    expect([parseRetryAfter(undefined), parseRetryAfter('soon')]).toEqual([undefined, undefined]);
    expect(refusal(429, '', { 'retry-after': '3' })).toMatchObject({ retryAfterSeconds: 3 });
  });
});

describe('assumptions', () => {
  test.each([
    [404, '{"status":404,"error":"Not Found"}', true],
    [404, '', true],
    [404, '<html>', false],
    [200, '<html>', false],
    [200, '0', true],
    [200, '-1', true],
    [500, '{"errorCode":"0.0.1","causeMessage":"No such operation"}', true],
    [409, '{"errorCodeDescription":"Document does not exist"}', true],
    [500, '{"errorCode":"0.0.3","errorCodeDescription":"Client service not found"}', false],
    [403, '{"errorCode":"1.2.0","errorCodeDescription":"Issuer inactive"}', false],
    [500, '<html>operation not found</html>', false],
    [204, '', true],
    [200, '', true],
    [200, ' null ', true],
    [200, '17', false],
    [400, '{"errorCode":"OPERATION_NOT_FOUND"}', true],
    [400, '{"errorCode":"BAD_REQUEST"}', false],
    [500, '', false],
  ])('%i %j means "not found": %s', (status, body, expected) => {
    expect(isNotFound(status, body)).toBe(expected);
  });
});
