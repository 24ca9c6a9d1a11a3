import { type ConfigurationError, errorCodes, isSignStashError } from '@signstash-connect/core';
import { closest } from 'fastest-levenshtein';
import metadata from '../../action.yml';
import { hintFor } from '../report/hints.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Inputs arrive as `INPUT_` and the name in capitals, hyphens kept. */
const prefix = 'INPUT_';
const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** A timer takes at most 2^31 - 1 ms; more would fire at once. */
const maxDurationMs = 24 * units.h;

/** One or more inputs are missing, unknown, invalid or in conflict. The message has a line for each. */
export class InputError extends Error {}

/**
 * Reads inputs and collects what is wrong with them, so that the user can correct all of them at once. A method that records a
 * problem returns a harmless value; nothing may be used before {@link InputReader.finish}.
 */
export class InputReader {
  readonly #env: Env;
  readonly #problems = new Map<string, string>();

  constructor(env: Env) {
    this.#env = env;
  }

  /** The input's text, trimmed; `''` if it was not given. */
  text(name: string): string {
    const declared = metadata.inputs[name];
    if (!declared) throw new TypeError(`action.yml declares no input '${name}'.`);
    return (this.#env[prefix + name.toUpperCase()] ?? declared.default ?? '').trim();
  }

  required(name: string, hint = ''): string {
    if (this.text(name) === '') this.fail(name, `it is required.${hint === '' ? '' : ` ${hint}`}`);
    return this.text(name);
  }

  optional(name: string): string | undefined {
    return this.text(name) || undefined;
  }

  flag(name: string): boolean {
    const value = this.text(name).toLowerCase();
    if (value !== 'true' && value !== 'false') this.fail(name, `"${this.text(name)}" is neither true nor false.`);
    return value === 'true';
  }

  choice<C extends string>(name: string, choices: readonly C[]): C | undefined {
    const value = this.text(name);
    const found = choices.find((one) => one.toLowerCase() === value.toLowerCase());
    if (value !== '' && found === undefined) this.fail(name, `"${value}" is not one of ${choices.join(', ')}.`);
    return found;
  }

  wholeNumber(name: string, min: number, max: number): number {
    const value = Number(this.text(name));
    if (this.text(name) !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
    this.fail(name, `"${this.text(name)}" is not a whole number from ${min} to ${max}.`);
    return min;
  }

  /** `90s`, `5m`, `1h` or `500ms`, in milliseconds. */
  duration(name: string): number {
    const [, amount, unit] = /^(\d+)\s*(ms|s|m|h)$/.exec(this.text(name)) ?? [];
    const value = Number(amount) * units[unit as keyof typeof units];
    if (value > 0 && value <= maxDurationMs) return value;
    this.fail(name, `"${this.text(name)}" is not a duration: expected 90s or 5m, up to 24h.`);
    return 1;
  }

  /** One value per line; empty lines and `#` comments are left out. */
  lines(name: string): string[] {
    const trimmed = this.text(name)
      .split(/[\r\n]+/)
      .map((line) => line.trim());
    return trimmed.filter((line) => line !== '' && !line.startsWith('#'));
  }

  /** Records a problem; the first one of each input counts. */
  fail(name: string, problem: string): void {
    if (!this.#problems.has(name)) this.#problems.set(name, problem);
  }

  /** Runs a check of core and records the setting that it refuses under the input that the setting comes from. */
  attempt<T>(check: () => T, inputOf: (setting: string) => string | undefined): T | undefined {
    try {
      return check();
    } catch (error) {
      if (!isSignStashError(error)) throw error;
      const input = inputOf((error as ConfigurationError).setting ?? '');
      if (input === undefined) throw error;
      const generic = errorCodes[error.code].hint === error.hint;
      this.fail(input, generic ? `${error.message} ${hintFor(error)}` : error.message);
      return undefined;
    }
  }

  /**
   * Records misspelled inputs, which the runner only warns about: the default would silently be used in their place.
   *
   * @throws {@link InputError} if any problem was recorded.
   */
  finish(): void {
    const known = Object.keys(metadata.inputs);
    for (const variable of Object.keys(this.#env)) {
      const name = variable.slice(prefix.length).toLowerCase();
      if (!variable.startsWith(prefix) || known.includes(name)) continue;
      this.fail(name, `there is no such input; did you mean '${closest(name, known)}'?`);
    }
    const lines = [...this.#problems].map(([name, problem]) => `Input '${name}': ${problem}`);
    if (lines.length > 0) throw new InputError(lines.join('\n'));
  }
}
