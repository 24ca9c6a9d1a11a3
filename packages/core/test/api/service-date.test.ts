import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parseServiceDate } from '../../src/api/response/service-date.ts';

const iso = (value: unknown) => parseServiceDate(value)?.toISOString();

describe('dates of the service', () => {
  it.each([
    ['winter in Lisbon', '2026-01-02 03:04:05.678', '2026-01-02T03:04:05.678Z'],
    ['summer in Lisbon', '2026-07-02 03:04:05.678', '2026-07-02T02:04:05.678Z'],
    ['ISO without a zone', '2026-07-02T03:04:05', '2026-07-02T02:04:05.000Z'],
    ['a day', '2026-07-02', '2026-07-01T23:00:00.000Z'],
    ['with +0000', '2026-07-02 03:04:05.678+0000', '2026-07-02T03:04:05.678Z'],
    ['ISO with +0000', '2026-07-02T03:04:05.678+0000', '2026-07-02T03:04:05.678Z'],
    ['ISO with Z', '2026-07-02T03:04:05Z', '2026-07-02T03:04:05.000Z'],
    ['ISO with an offset', '2026-07-02T03:04:05.6+01:00', '2026-07-02T02:04:05.600Z'],
    ['microseconds', '2026-01-02 03:04:05.678901', '2026-01-02T03:04:05.678Z'],
    ['the last second before summer time', '2026-03-29 00:59:59.000', '2026-03-29T00:59:59.000Z'],
    ['the first second of summer time', '2026-03-29 02:00:00.000', '2026-03-29T01:00:00.000Z'],
    ['an hour that comes twice', '2026-10-25 01:30:00.000', '2026-10-25T00:30:00.000Z'],
    ['the hour after it', '2026-10-25 02:00:00.000', '2026-10-25T02:00:00.000Z'],
    ['midnight', '2026-01-02 00:00:00.000', '2026-01-02T00:00:00.000Z'],
    ['milliseconds', 1767225600000, '2026-01-01T00:00:00.000Z'],
  ])('%s: %s', (_, value, expected) => {
    expect(iso(value)).toBe(expected);
  });

  it.each([
    'yesterday',
    '',
    '2026-02-30 00:00:00',
    '2026-13-01',
    '2026-01-01 25:00:00',
    null,
    undefined,
    {},
    Number.NaN,
  ])('%j is not a date', (value) => {
    expect(parseServiceDate(value)).toBeUndefined();
  });

  it.each(['UTC', 'America/New_York', 'Asia/Kolkata', 'Europe/Lisbon'])(
    'do not depend on the time zone of the process: %s',
    (zone) => {
      const module = new URL('../../src/api/response/service-date.ts', import.meta.url).href;
      const program = `import { parseServiceDate } from ${JSON.stringify(module)};
        console.log(parseServiceDate('2026-07-02 03:04:05.678').toISOString());`;
      const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
        env: { ...process.env, TZ: zone },
        encoding: 'utf8',
      });
      expect(printed.trim()).toBe('2026-07-02T02:04:05.678Z');
    },
  );
});
