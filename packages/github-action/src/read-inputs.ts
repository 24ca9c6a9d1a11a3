import { InputError } from './input-error.ts';

/** Inputs by name, as the runner gives them: `INPUT_` and the name in capitals, hyphens kept, trimmed, '' where absent. */
export type RawInputs = (name: string) => string;

export function rawInputs(env: Readonly<Record<string, string | undefined>>): RawInputs {
  return (name) => (env[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`] ?? '').trim();
}

/** A misspelt input only makes the runner warn, and its default would be used silently: refuse it, with the nearest name. */
export function refuseUnknown(env: Readonly<Record<string, string | undefined>>, known: readonly string[]): void {
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith('INPUT_')) continue;
    const name = variable.slice('INPUT_'.length).toLowerCase();
    if (known.includes(name)) continue;
    const nearest = known.toSorted((a, b) => distance(name, a) - distance(name, b))[0] as string;
    throw new InputError(name, `there is no such input; did you mean '${nearest}'?`);
  }
}

export function required(raw: RawInputs, name: string): string {
  const value = raw(name);
  if (value === '') throw new InputError(name, 'it is required.');
  return value;
}

export function flag(raw: RawInputs, name: string): boolean {
  const value = raw(name).toLowerCase();
  if (value === 'true') return true;
  if (value === 'false' || value === '') return false;
  throw new InputError(name, `"${raw(name)}" is neither true nor false.`);
}

export function choice<C extends string>(raw: RawInputs, name: string, choices: readonly C[]): C | undefined {
  const value = raw(name);
  if (value === '') return undefined;
  const found = choices.find((one) => one.toLowerCase() === value.toLowerCase());
  if (found === undefined) throw new InputError(name, `"${value}" is not one of ${choices.join(', ')}.`);
  return found;
}

export function count(raw: RawInputs, name: string, [least, most]: readonly [number, number]): number {
  const value = Number(raw(name));
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new InputError(name, `"${raw(name)}" is not a whole number from ${least} to ${most}.`);
}

/** `90s`, `5m`, `1h` or `500ms`, in milliseconds. */
export function duration(raw: RawInputs, name: string): number {
  const [, amount, unit] = /^(\d+)\s*(ms|s|m|h)$/.exec(raw(name)) ?? [];
  if (amount === undefined || Number(amount) === 0)
    throw new InputError(name, `"${raw(name)}" is no duration such as 90s or 5m.`);
  return Number(amount) * { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[unit as 'ms' | 's' | 'm' | 'h'];
}

export const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));

/** Edit distance; inputs are short. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(
        (next[j - 1] ?? 0) + 1,
        (row[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
