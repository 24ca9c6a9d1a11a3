/** The zone of dates that come without one (API reference, section 6). */
const serviceZone = 'Europe/Lisbon';

const pattern = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?$/i;

/**
 * A date of the service: `yyyy-MM-dd HH:mm:ss.SSS` without a zone, which is Lisbon's, with `+0000`, ISO, or milliseconds. Never
 * depends on the time zone of this process. Undefined for anything else, which stays in `raw`.
 */
export function parseServiceDate(value: unknown): Date | undefined {
  if (typeof value === 'number') return validDate(value);
  const parts = typeof value === 'string' ? pattern.exec(value.trim()) : null;
  if (!parts) return undefined;
  const [, year, month, day, hour = 0, minute = 0, second = 0, fraction = '', zone] = parts;
  const millisecond = Number(fraction.slice(0, 3).padEnd(3, '0'));
  const fields = [Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second), millisecond] as const;
  const asUtc = Date.UTC(Number(year), ...fields);
  // JavaScript would read February 30 as March 2, and month 13 as next January.
  const taken = new Date(asUtc);
  if (taken.getUTCMonth() !== fields[0] || taken.getUTCDate() !== fields[1] || fields[2] > 23) return undefined;
  return validDate(asUtc - (zone === undefined ? zoneOffset(asUtc) : givenOffset(zone)));
}

function validDate(time: number): Date | undefined {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** `+0100`, `+01:00` or `Z` in milliseconds. */
function givenOffset(zone: string): number {
  if (/z/i.test(zone)) return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}

/** Offset of Lisbon's local time from UTC at this time. An ambiguous time, when clocks are set back, means its first occurrence. */
function zoneOffset(localTime: number): number {
  const before = offsetAt(localTime - 24 * 3_600_000);
  return offsetAt(localTime - before) === before ? before : offsetAt(localTime);
}

let format: Intl.DateTimeFormat | undefined;

function offsetAt(instant: number): number {
  format ??= new Intl.DateTimeFormat('en-US', {
    timeZone: serviceZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const shown = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000;
}
