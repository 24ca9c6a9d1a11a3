import { ConfigurationError } from '../errors/errors.ts';

/** What a platform gives for one setting: text, a checkbox, a number, or nothing. */
export type SettingValue = string | number | boolean | undefined | null;

/**
 * The platform's name for a setting, such as `SIGNSTASH_TOKEN_URL`, `token-url` or `Token URL`; undefined if the platform has no
 * such setting. All messages use these names.
 */
export type NameOf = (setting: string) => string | undefined;

export interface NamingOptions {
  /** Default: the setting's own name. */
  nameOf?: NameOf;
  /** `all` (default) names every wrong setting in one message, `first` only the first one. */
  report?: 'all' | 'first';
}

/** One wrong setting. */
export interface SettingProblem {
  code: 'CONFIGURATION_INVALID' | 'CONFIGURATION_MISSING' | 'INSECURE_URL';
  /** The setting's name in the kit. */
  key: string;
  /** The platform's name for it. */
  setting: string;
  message: string;
}

/** One or more settings are missing, unknown or contradict each other. Thrown before anything is sent. */
export class SettingsError extends ConfigurationError {
  readonly problems: readonly SettingProblem[];

  constructor(problems: readonly [SettingProblem, ...SettingProblem[]], report: 'all' | 'first' = 'all') {
    const [first] = problems;
    const shown = report === 'all' ? problems : [first];
    super(first.code, first.setting, shown.map(({ message }) => message).join('\n'));
    this.problems = shown;
  }
}

/** Reads flat values and collects every problem, so that one error can list them all. */
export class SettingReader {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #nameOf: NameOf;
  readonly #report: 'all' | 'first';
  readonly #problems: SettingProblem[] = [];

  constructor(values: Readonly<Record<string, unknown>>, known: readonly string[], options: NamingOptions = {}) {
    this.#values = values;
    this.#nameOf = options.nameOf ?? ((setting) => setting);
    this.#report = options.report ?? 'all';
    for (const key of Object.keys(values)) {
      if (known.includes(key)) continue;
      this.fail(
        key,
        `Unknown setting ${this.name(key)}: expected one of ${known.map((each) => this.name(each)).join(', ')}.`,
      );
    }
  }

  /** The platform's name for a setting. */
  name(key: string): string {
    return this.#nameOf(key) ?? key;
  }

  /** Several settings by name, as `a, b or c`. */
  names(keys: readonly string[]): string {
    const all = keys.map((key) => this.name(key));
    return all.length < 2 ? (all[0] ?? '') : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`;
  }

  /** Trimmed; `''` if the setting was not given. */
  text(key: string): string {
    const value = this.#values[key];
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? String(value).trim()
      : '';
  }

  has(key: string): boolean {
    return this.text(key) !== '';
  }

  optional(key: string): string | undefined {
    return this.text(key) || undefined;
  }

  required(key: string): string {
    const value = this.text(key);
    if (value === '') this.fail(key, `${this.name(key)} is not set.`, 'CONFIGURATION_MISSING');
    return value;
  }

  choice<C extends string>(key: string, choices: readonly C[]): C | undefined {
    const value = this.text(key);
    if (value === '') return undefined;
    const found = choices.find((one) => one.toLowerCase() === value.toLowerCase());
    if (found === undefined) this.invalid(key, `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`);
    return found;
  }

  flag(key: string): boolean | undefined {
    const value = this.choice(key, ['true', 'false']);
    return value === undefined ? undefined : value === 'true';
  }

  wholeNumber(key: string, least: number, most: number): number | undefined {
    const value = this.text(key);
    if (value === '') return undefined;
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= least && number <= most) return number;
    this.invalid(key, `a whole number from ${least} to ${most}`);
    return undefined;
  }

  /** A number above 0. */
  positive(key: string): number | undefined {
    const value = this.text(key);
    if (value === '') return undefined;
    if (/^\d+(\.\d+)?$/.test(value) && Number(value) > 0) return Number(value);
    this.invalid(key, 'a number above 0');
    return undefined;
  }

  /** `90s`, `5m`, `1h`, `500ms`, or a number of seconds; up to 24 hours. In milliseconds. */
  duration(key: string): number | undefined {
    const value = this.text(key);
    if (value === '') return undefined;
    const [, amount, unit = 's'] = /^(\d+)\s*(ms|s|m|h)?$/.exec(value) ?? [];
    const milliseconds = Number(amount) * (unitMs[unit] ?? Number.NaN);
    if (milliseconds > 0 && milliseconds <= maxDurationMs) return milliseconds;
    this.invalid(key, 'a duration such as 90s or 5m, up to 24h');
    return undefined;
  }

  /** One value per line or comma; empty lines and `#` comments are left out. */
  list(key: string): string[] {
    return this.text(key)
      .split(/[\n,]/)
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'));
  }

  /** `Invalid name "value": expected …` */
  invalid(key: string, expected: string): void {
    this.fail(key, `Invalid ${this.name(key)} ${JSON.stringify(this.text(key))}: expected ${expected}.`);
  }

  /** @param message - A sentence that names the setting by {@link name}. */
  fail(key: string, message: string, code: SettingProblem['code'] = 'CONFIGURATION_INVALID'): void {
    if (this.#problems.some((known) => known.key === key)) return;
    this.#problems.push({ code, key, setting: this.name(key), message });
  }

  /** @throws {@link SettingsError} if anything was wrong. */
  finish(): void {
    const [first, ...others] = this.#problems;
    if (first) throw new SettingsError([first, ...others], this.#report);
  }
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Timers take at most 2^31 - 1 ms, a little less than 25 days; a day is already more than any request needs. */
const maxDurationMs = 24 * 3_600_000;
