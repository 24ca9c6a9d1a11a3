import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ConfigurationError, isSignStashError } from '@signstash-connect/core';
import {
  checkOutputOptions,
  describeError,
  type OutputOptions,
  parseSignOptions,
  resolveSettings,
  type SettingProblem,
  SettingReader,
  SettingsError,
  settingDescriptions,
  signOptionDescriptions,
} from '@signstash-connect/core/adapter';
import { readVerification } from '@signstash-connect/core/adapter/node';
import { closest } from 'fastest-levenshtein';
import metadata from '../action.yml';
import { checkTemplate } from './external-reference.ts';

/** Inputs that only the action has, by the kit's names where it has one. */
const ownSettings = [
  'files',
  'ifNoFilesFound',
  'directory',
  'suffix',
  'inPlace',
  'overwrite',
  'skipSigned',
  'verify',
  'trust',
  'visibleImage',
  'reference',
  'batchSize',
  'concurrency',
  'failFast',
  'dryRun',
  'summary',
] as const;

type OwnSetting = (typeof ownSettings)[number];

/** Inputs whose name is not that of the setting in kebab case. */
const renamed: Readonly<Record<string, string>> = {
  type: 'signature-type',
  visibleText: 'visible-template',
  directory: 'output-directory',
  reference: 'external-reference',
};

/** The input that a setting of the kit comes from, if there is one. */
export function inputName(setting: string): string | undefined {
  const name = renamed[setting] ?? setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return name in metadata.inputs ? name : undefined;
}

/** Every input, checked by itself and against the others before anything is read or sent. */
export type Inputs = ReturnType<typeof readInputs>;

type Env = Readonly<Record<string, string | undefined>>;

/** Inputs arrive as `INPUT_` and the name in capitals, hyphens kept. */
const prefix = 'INPUT_';

/**
 * Without a secret only in a dry run; `reference` is a template, see `external-reference.ts`.
 *
 * @throws {@link SettingsError} naming every input that is wrong.
 */
export function readInputs(env: Env) {
  const read = <K extends string>(settings: readonly K[]) => {
    const value = (name: string) => env[prefix + name.toUpperCase()] ?? metadata.inputs[name]?.default;
    const entries = settings.map((setting) => [setting, inputName(setting)] as const);
    return Object.fromEntries(
      entries.flatMap(([setting, name]) => (name ? [[setting, value(name)]] : [])),
    ) as Values<K>;
  };
  const problems: SettingProblem[] = [];
  const collect = <T>(parse: () => T): T => {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      problems.push(...error.problems);
      return undefined as T;
    }
  };
  const own = read(ownSettings);
  const optional = own.dryRun === 'true' ? (['clientSecret'] as const) : [];
  const inputs = {
    settings: collect(() => resolveSettings(read(keys(settingDescriptions)), { nameOf: inputName, optional })),
    sign: collect(() =>
      parseSignOptions({ ...read(keys(signOptionDescriptions)), visibleImage: readImage(own) }, { nameOf: inputName }),
    ),
    ...collect(() => readOwnSettings(own, env)),
  };
  const [first, ...others] = problems.map(withHint);
  if (first) throw new SettingsError([first, ...others]);
  return inputs;
}

type Values<K extends string> = Record<K, string | undefined>;

const keys = <K extends string>(descriptions: Readonly<Record<K, string>>) => Object.keys(descriptions) as K[];

function readOwnSettings(values: Values<OwnSetting>, env: Env) {
  const reader = new SettingReader(values, ownSettings, { nameOf: inputName });
  const flag = (key: OwnSetting) => reader.required(key) !== '' && reader.flag(key) === true;
  const count = (key: OwnSetting, max: number) => (reader.required(key) && reader.wholeNumber(key, 1, max)) || 1;
  const files = reader
    .required('files')
    .split(/[\r\n]+/)
    .map((line) => line.trim());
  const trust = (reader.optional('trust') ?? '').split(/[\r\n]+/).map((line) => line.trim());
  const roots = trust.filter((line) => line !== '');
  const output = {
    directory: reader.optional('directory'),
    suffix: reader.optional('suffix'),
    inPlace: flag('inPlace'),
  };
  const reference = reader.optional('reference');
  const own = {
    files: files.filter((line) => line !== '' && !line.startsWith('#')),
    ifNoFilesFound: reader.choice('ifNoFilesFound', ['error', 'warn', 'ignore'] as const) ?? ('error' as const),
    output,
    overwrite: flag('overwrite'),
    skipSigned: flag('skipSigned'),
    verify: readVerification(reader, roots) ?? ('integrity' as const),
    trust: roots,
    reference,
    batchSize: count('batchSize', 99),
    concurrency: count('concurrency', 64),
    failFast: flag('failFast'),
    dryRun: flag('dryRun'),
    summary: flag('summary'),
  };
  checkOutput(reader, output);
  const problem = reference && checkTemplate(reference);
  if (problem) reader.fail('reference', `Invalid ${inputName('reference')} "${reference}": ${problem}`);
  if (values.visibleImage && !isFile(values.visibleImage.trim())) {
    reader.fail(
      'visibleImage',
      `Invalid ${inputName('visibleImage')} "${values.visibleImage}": there is no such file.`,
    );
  }
  const known = Object.keys(metadata.inputs);
  for (const name of Object.keys(env).filter((key) => key.startsWith(prefix))) {
    const input = name.slice(prefix.length).toLowerCase();
    // The runner only warns about these: the default would silently be used.
    if (!known.includes(input))
      reader.fail(input, `"${input}" is not an input: did you mean ${closest(input, known)}?`);
  }
  reader.finish();
  return own;
}

function checkOutput(reader: SettingReader, output: OutputOptions): void {
  try {
    checkOutputOptions(output, { nameOf: inputName });
  } catch (error) {
    if (!isSignStashError(error)) throw error;
    reader.fail((error as ConfigurationError).setting, error.message);
  }
  if (output.directory && !output.suffix && resolve(output.directory) === resolve()) {
    const message = `${reader.name('directory')} is the workspace, so signed files would replace the originals: set ${reader.name('suffix')}, or use ${reader.name('inPlace')}.`;
    reader.fail('directory', message);
  }
}

const readImage = ({ visibleImage = '' }: Values<OwnSetting>) =>
  isFile(visibleImage.trim()) ? readFileSync(visibleImage.trim()) : undefined;

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** What to do, for the two problems whose message alone does not say it. */
function withHint(problem: SettingProblem): SettingProblem {
  const hint =
    problem.code === 'INSECURE_URL'
      ? describeError(new SettingsError([problem]), { nameOf: inputName }).hint
      : problem.key === 'clientSecret'
        ? 'GitHub passes no secrets to pull requests from forks.'
        : undefined;
  return hint ? { ...problem, message: `${problem.message} ${hint}` } : problem;
}
