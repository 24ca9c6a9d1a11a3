import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import {
  type DescribeErrorOptions,
  type ParsedSignOptions,
  parseSignOptions,
  type ResolvedSettings,
  resolveSettings,
  type SettingName,
  SettingReader,
  SettingsError,
  type SettingValue,
  settingDescriptions,
  signOptionDescriptions,
} from '@signstash-connect/core/adapter';
import { type Command, InvalidArgumentError } from 'commander';
import { UsageError } from './exit-codes.ts';
import type { CliIo } from './io.ts';
import { parseReferencePattern, type ReferencePattern } from './references/reference-pattern.ts';

/** Settings that only the command line has. All can come from a flag, a variable or the configuration file. */
export const ownDescriptions = {
  clientSecretFile: 'file with the client secret, such as a mounted secret; - reads standard input',
  verify: 'off, integrity (default), signature or chain: how signed files are checked before they are stored',
  trust: 'root certificates for verification: files or folders, separated by commas',
  referencePattern:
    'external references, of {client}, {name}, {path}, {sha256} and {atcud}, such as {client}-{atcud} for invoices (default: derived from client ID, path and content)',
  issuers: "tax numbers of the invoices' issuers for {atcud}, separated by commas; needed if a QR code cannot be read",
  resultStore:
    'folder that keeps signed documents for 30 days, up to 1 GiB, so that documents signed through an on-premise proxy can be restored',
  lock: 'file:FOLDER or redis://HOST:PORT: keeps other processes from signing the same document at the same time',
} as const;

const { clientSecret: _, ...settingFlags } = settingDescriptions;

/** The secret has no flag: arguments are visible to other users and stay in the history of the shell. */
export const connectionFlags = { ...settingFlags, clientSecretFile: ownDescriptions.clientSecretFile };

const all = { ...settingDescriptions, ...signOptionDescriptions, ...ownDescriptions };

type Name = keyof typeof all;

/** Options of `sign` that core's errors name and that are no settings. */
const outputFlags: Readonly<Record<string, string | undefined>> = {
  journal: '--journal',
  directory: '--out',
  suffix: '--suffix',
  overwrite: '--overwrite',
};

const isFlag = (description: string) => /^true( |,)/.test(description);

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const variable = (name: string) => `SIGNSTASH_${kebab(name).replaceAll('-', '_').toUpperCase()}`;

/** Adds an option per setting, by its description in core. */
export function addFlags(command: Command, title: string, descriptions: Readonly<Record<string, string>>): Command {
  command.optionsGroup(`${title}:`);
  for (const [name, description] of Object.entries(descriptions)) {
    const value = isFlag(description) ? '' : ' <value>';
    const text = description.replace(/^true (if )?/, (_, condition) => (condition ? 'set if ' : ''));
    command.option(
      `--${kebab(name)}${value}`,
      name === 'visibleImage' ? 'PNG or JPEG file for the visible seal' : text,
    );
  }
  command.optionsGroup('Options:');
  return command;
}

/** Options that reach a service; `--sandbox` replaces all of them. */
export function addConnectionFlags(command: Command): Command {
  command.option('--sandbox', "use a local Sign'Stash inside this process: no account, seals without legal value");
  addFlags(command, 'Connection', connectionFlags);
  // Known only to be refused: the error for an unknown option would show what is behind an equals sign.
  const refused = command.createOption('--client-secret <value>').hideHelp();
  return command.addOption(
    refused.argParser(() => {
      throw new UsageError(
        `--client-secret is not an option, since other users of this machine can see arguments: use ${variable('clientSecret')} or --client-secret-file.`,
      );
    }),
  );
}

/** Options of the commands that sign. */
export function addSigningFlags(command: Command): Command {
  const { verify, trust, lock, resultStore, referencePattern, issuers } = ownDescriptions;
  addFlags(command, 'External references', { referencePattern, issuers });
  addFlags(command, 'Verification, locking and storage', { verify, trust, lock, resultStore });
  addFlags(command, 'Signature', signOptionDescriptions);
  return addConnectionFlags(command);
}

/** Where a value comes from, and its name there. */
interface Layer {
  values: Readonly<Record<string, SettingValue>>;
  name: (setting: string) => string;
}

/** Values of flags, variables and the configuration file, in this order. */
export class Settings {
  readonly #layers: readonly Layer[];
  readonly #io: CliIo;

  constructor(layers: readonly Layer[], io: CliIo) {
    this.#layers = layers;
    this.#io = io;
  }

  text(name: Name): string {
    return String(this.#layer(name)?.values[name] ?? '').trim();
  }

  /** The name where the user gave the value; else where it could be given. */
  readonly nameOf = (name: string): string | undefined => {
    if (!(name in all)) return undefined;
    const flag = name === 'clientSecret' ? '--client-secret-file' : `--${kebab(name)}`;
    return this.#layer(name)?.name(name) ?? `${variable(name)} (or ${flag})`;
  };

  get describe(): DescribeErrorOptions {
    return {
      nameOf: (name) => outputFlags[name] ?? this.nameOf(name),
      retryAdvice: 'Run the command again: documents already signed are retrieved, not signed or charged again.',
    };
  }

  /** @throws `SettingsError` with every setting that is missing or wrong. */
  async connection(optional: readonly SettingName[] = []): Promise<ResolvedSettings> {
    const secret = this.text('clientSecret') || (await this.#secretFromFile());
    const values = { ...this.#values(Object.keys(settingDescriptions)), clientSecret: secret };
    return resolveSettings(values, { nameOf: this.nameOf, optional });
  }

  /** @throws `SettingsError` with every option that is wrong. */
  async signOptions(): Promise<ParsedSignOptions> {
    const { visibleImage, ...values } = this.#values(Object.keys(signOptionDescriptions));
    const image = visibleImage ? await this.#read('visibleImage') : undefined;
    return parseSignOptions({ ...values, visibleImage: image }, { nameOf: this.nameOf });
  }

  /** Reads some settings, and collects what is wrong with them. */
  reader(names: readonly Name[]): SettingReader {
    return new SettingReader(this.#values(names), names, { nameOf: this.nameOf });
  }

  /** Absolute paths of root certificates, or of folders with them. */
  trust(): string[] {
    return this.reader(['trust'])
      .list('trust')
      .map((path) => resolve(this.#io.cwd, path));
  }

  /** Absolute path of the folder that keeps signed documents. */
  resultFolder(): string | undefined {
    const folder = this.text('resultStore');
    return folder === '' ? undefined : resolve(this.#io.cwd, folder);
  }

  /** How external references are made; undefined for core's own. @throws As {@link parseReferencePattern}. */
  referencePattern(): ReferencePattern | undefined {
    const pattern = this.text('referencePattern');
    return pattern === '' ? undefined : this.parseReferencePattern(pattern);
  }

  /**
   * A pattern that looks for the configured issuers.
   *
   * @throws `ConfigurationError` if the pattern or an issuer is wrong.
   */
  parseReferencePattern(pattern: string): ReferencePattern {
    const issuers = new SettingReader(this.#values(['issuers']), ['issuers']).list('issuers');
    return parseReferencePattern(pattern, issuers.length > 0 ? { issuers } : {});
  }

  async #secretFromFile(): Promise<string> {
    const path = this.text('clientSecretFile');
    if (path === '') return '';
    const bytes = path === '-' ? Buffer.concat(await process.stdin.toArray()) : await this.#read('clientSecretFile');
    return bytes.toString('utf8').trim();
  }

  async #read(name: Name): Promise<Buffer> {
    const path = this.text(name);
    try {
      return await readFile(resolve(this.#io.cwd, path));
    } catch (error) {
      throw settingsError(name, this.nameOf(name) ?? name, `"${path}" cannot be read: ${(error as Error).message}.`);
    }
  }

  #values(names: readonly string[]): Record<string, SettingValue> {
    return Object.fromEntries(names.map((name) => [name, this.#layer(name)?.values[name]]));
  }

  #layer(name: string): Layer | undefined {
    return this.#layers.find(({ values }) => values[name] !== undefined && values[name] !== '');
  }
}

/** @throws `SettingsError` if the configuration file is malformed or has an unknown setting. */
export async function loadSettings(flags: Readonly<Record<string, unknown>>, io: CliIo): Promise<Settings> {
  const given = Object.fromEntries(Object.entries(flags).filter(([name]) => name in all && name !== 'clientSecret'));
  const fromEnv = Object.fromEntries(Object.keys(all).map((name) => [name, io.env[variable(name)]]));
  const [file, values] = await readConfigFile(typeof flags.config === 'string' ? flags.config : undefined, io);
  return new Settings(
    [
      { values: given as Layer['values'], name: (name) => `--${kebab(name)}` },
      { values: fromEnv, name: variable },
      { values, name: (name) => `${name} in ${file}` },
    ],
    io,
  );
}

async function readConfigFile(path: string | undefined, io: CliIo): Promise<[string, Layer['values']]> {
  const { loadConfig } = await import('c12');
  const asked = path === undefined ? {} : { configFile: resolve(io.cwd, path), configFileRequired: true };
  let loaded: Awaited<ReturnType<typeof loadConfig>>;
  try {
    const off = { rcFile: false, globalRc: false, dotenv: false, extend: false, giget: false, envName: false } as const;
    loaded = await loadConfig({ name: 'signstash', cwd: io.cwd, ...off, packageJson: path === undefined, ...asked });
  } catch (error) {
    const name = path ?? 'signstash.config';
    throw settingsError('config', name, `it cannot be read: ${(error as Error).message}`);
  }
  const file = loaded._configFile ? basename(loaded._configFile) : 'package.json';
  const values = Object.entries(loaded.config ?? {}).map(([name, value]) => {
    if (!(name in all))
      throw settingsError(name, file, `unknown setting "${name}". Known: ${Object.keys(all).join(', ')}.`);
    const flat = Array.isArray(value) ? value.join('\n') : value;
    if (typeof flat === 'object' && flat !== null) {
      throw settingsError(name, `${name} in ${file}`, 'expected a text, a number, true or false, or a list of texts.');
    }
    return [name, flat as SettingValue];
  });
  return [file, Object.fromEntries(values) as Layer['values']];
}

/** One wrong value that only the command line knows. */
export const settingsError = (key: string, setting: string, why: string) =>
  new SettingsError([{ code: 'CONFIGURATION_INVALID', key, setting, message: `Invalid ${setting}: ${why}` }]);

/** Parser of an option that is a whole number. */
export function wholeNumber(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
  };
}
