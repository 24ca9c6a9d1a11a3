import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/api/response/parse-json.ts';
import { serviceError } from '../../src/api/response/service-error.ts';
import { titleOf, visibleText } from '../../src/api/response/web-page.ts';
import { createRedactor } from '../../src/auth/redactor.ts';
import { ProtocolError } from '../../src/errors/errors.ts';
import { maxTextLength, redact } from '../../src/errors/redact.ts';

const repeat = (text: string, length: number) => text.repeat(Math.ceil(length / text.length));

/** Inputs on which patterns that backtrack need minutes: a test that hangs fails by its time limit. */
const hostile = [
  'a://',
  'a://b:',
  'a',
  '://',
  '@',
  '://a@',
  '<script',
  '<script>',
  '<title',
  '<',
  'eyJ',
  '-eyJ',
  'eyJ.',
  'Bearer ',
  ' ',
  'Bearer\t\t',
  'access_token',
  'access_token:"',
  '"access_token" ',
  'access_token = ',
  '%25',
  '&#37;',
  '&amp;',
  '\\u0025',
  '%%%%',
  '[',
  '{"a":',
  'not ',
  'contract',
];

describe('texts of the service of any content', () => {
  it.each(hostile)('are redacted and quoted in linear time: 256 KB of %j', (unit) => {
    const text = repeat(unit, 256 * 1024);
    for (const written of [text, `<html>${text}`, `<title>${text}`, JSON.stringify({ error: text })]) {
      expect(redact(written).length).toBeLessThanOrEqual(maxTextLength + 1);
      expect(titleOf(written).length).toBeLessThan(130);
      expect(visibleText(written).length).toBeLessThan(2 * maxTextLength);
      expect(serviceError('sign', { status: 500, headers: {}, text: written }).message.length).toBeLessThan(2_000);
      expect(() => parseJson(written.slice(1), 'sign')).toThrow();
    }
    for (const clientSecret of ['%&<>"\'+/=!secret', '!!!!!!!!!!!!', '%25%25%25%25%25%25x', 'aaaaaaaaaaab']) {
      const hide = createRedactor({ clientId: 'client', clientSecret });
      expect(hide(text).length).toBeLessThanOrEqual(maxTextLength + 1);
    }
  });

  it('never show a secret, in whatever way a server writes it', () => {
    const symbols = fc.constantFrom(...Array.from('%&<>"\'+/=! ;#\\é€😀'));
    const secrets = fc
      .array(fc.oneof(symbols, fc.constantFrom(...'abcXYZ019_')), { minLength: 8, maxLength: 24 })
      .map((characters) => characters.join(''))
      .filter((secret) => /\w{3}/.test(secret));
    const entity = (secret: string) =>
      Array.from(secret, (c) => (/\w/.test(c) ? c : `&#${c.codePointAt(0)};`)).join('');
    const hexadecimal = (secret: string) =>
      Array.from(secret, (c) => (/\w/.test(c) ? c : `&#x${c.codePointAt(0)?.toString(16)};`)).join('');
    const percent = (secret: string) =>
      Array.from(secret, (c) => (/\w/.test(c) ? c : `%${Buffer.from(c).toString('hex').match(/../g)?.join('%')}`)).join(
        '',
      );
    const writings = [
      String,
      encodeURIComponent,
      entity,
      hexadecimal,
      percent,
      (secret: string) => JSON.stringify(secret).slice(1, -1),
    ];
    fc.assert(
      fc.property(secrets, fc.constantFrom(...writings), fc.nat(20_000), (clientSecret, write, before) => {
        const hide = createRedactor({ clientId: 'client', clientSecret });
        const shown = hide(`${repeat('lorem ', before)}<p>${write(clientSecret)}</p> the end`);
        expect(shown).not.toContain(write(clientSecret));
      }),
      { numRuns: 300 },
    );
  });

  it('do not show the rest of a truncated credential', () => {
    for (let before = maxTextLength - 120; before < maxTextLength + 10; before++) {
      const text = `${'x'.repeat(before)} Bearer abcdefghijklmnopqrstuvwxyz0123456789`;
      expect(redact(text)).not.toMatch(/abcdef/);
    }
  });
});

describe('redaction', () => {
  it.each([
    ['https://user:pass@host/path', 'https://[redacted]@host/path'],
    ['https://user:pa/ss@host/path', 'https://[redacted]@host/path'],
    ['proxy http://user:p@ss@host:3128', 'proxy http://[redacted]@host:3128'],
    ['Authorization: Bearer abc.def-1', 'Authorization: Bearer [redacted]'],
    ['token eyJhbGciOi.eyJzdWIi.c2ln end', 'token [redacted token] end'],
    ['{"access_token":"x y","a":1}', '{"access_token":[redacted],"a":1}'],
  ])('removes the credentials of %s', (text, clean) => {
    expect(redact(text)).toBe(clean);
  });

  it('keeps stack traces readable', () => {
    const frame = 'at sign (file:///srv/app/node_modules/@signstash-connect/core/dist/index.js:10:5)';
    const url = 'at https://cdn.example:8443/npm/@scope/package@1.2.3/index.js:1:1';
    expect(redact(`${frame}\n${url}`)).toBe(`${frame}\n${url}`);
    const cause = new Error('failed');
    cause.stack = `Error: failed\n    ${frame}`;
    const error = new ProtocolError('PROTOCOL_UNEXPECTED', 'What.', { cause });
    expect(inspect(error)).toContain(frame);
  });
});
