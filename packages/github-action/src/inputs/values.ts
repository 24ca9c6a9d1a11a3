import { InputError } from './input-error.ts';
import type { RawInputs } from './raw-inputs.ts';

/** What every input's text may mean. All throw {@link InputError} naming the input. */

export function required(raw: RawInputs, name: string, hint = ''): string {
  const value = raw(name);
  if (value === '') throw new InputError(name, `it is required.${hint === '' ? '' : ` ${hint}`}`);
  return value;
}

export const optional = (raw: RawInputs, name: string): string | undefined => raw(name) || undefined;

export function flag(raw: RawInputs, name: string): boolean {
  const value = raw(name).toLowerCase();
  if (value !== 'true' && value !== 'false') {
    throw new InputError(name, `"${raw(name)}" is neither true nor false.`);
  }
  return value === 'true';
}

export function choice<C extends string>(raw: RawInputs, name: string, choices: readonly C[]): C | undefined {
  const value = raw(name);
  if (value === '') return undefined;
  const found = choices.find((one) => one.toLowerCase() === value.toLowerCase());
  if (found === undefined) throw new InputError(name, `"${value}" is not one of ${choices.join(', ')}.`);
  return found;
}

export function wholeNumber(raw: RawInputs, name: string, least: number, most: number): number {
  const value = Number(raw(name));
  if (raw(name) !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new InputError(name, `"${raw(name)}" is not a whole number from ${least} to ${most}.`);
}

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** The most that a timer takes is 2^31 - 1 ms; more would fire at once. */
const longest = 24 * units.h;

/** `90s`, `5m`, `1h` or `500ms`, in milliseconds. */
export function duration(raw: RawInputs, name: string): number {
  const [, amount, unit] = /^(\d+)\s*(ms|s|m|h)$/.exec(raw(name)) ?? [];
  const value = Number(amount) * units[unit as keyof typeof units];
  if (value > 0 && value <= longest) return value;
  throw new InputError(name, `"${raw(name)}" is no duration such as 90s or 5m, up to 24h.`);
}

/** One value a line; empty lines and `#` comments are left out. */
export const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
