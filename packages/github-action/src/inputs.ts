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

/** Inputs whose name is not that of the setting in kebab case. */
const renamed: Readonly<Record<string, string>> = {
  type: 'signature-type',
  visibleText: 'visible-template',
  directory: 'output-directory',
  reference: 'external-reference',
};

const camelCase = (input: string) => input.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The input that a setting of the kit comes from, if there is one. */
export function inputName(setting: string): string | undefined {
  const name = renamed[setting] ?? setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return name in metadata.inputs ? name : undefined;
}

/** The inputs that the kit does not read, by their settings' names. */
const ownSettings = Object.keys(metadata.inputs)
  .map((input) => Object.keys(renamed).find((setting) => renamed[setting] === input) ?? camelCase(input))
  .filter((setting) => !(setting in settingDescriptions || setting in signOptionDescriptions));

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
  const read = (settings: readonly string[]): Values => {
    const value = (name: string) => env[prefix + name.toUpperCase()] ?? metadata.inputs[name]?.default;
    const entries = settings.map((setting) => [setting, inputName(setting)] as const);
    return Object.fromEntries(entries.flatMap(([setting, name]) => (name ? [[setting, value(name)]] : [])));
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
  const [own, signOptions] = [read(ownSettings), read(Object.keys(signOptionDescriptions))];
  const optional = own.dryRun === 'true' ? (['clientSecret'] as const) : [];
  const inputs = {
    settings: collect(() => resolveSettings(read(Object.keys(settingDescriptions)), { nameOf: inputName, optional })),
    sign: collect(() =>
      parseSignOptions({ ...signOptions, visibleImage: readImage(signOptions) }, { nameOf: inputName }),
    ),
    ...collect(() => readOwnSettings({ ...own, visibleImage: signOptions.visibleImage }, env)),
  };
  const [first, ...others] = problems.map(withHint);
  if (first) throw new SettingsError([first, ...others]);
  return inputs;
}

type Values = Readonly<Record<string, string | undefined>>;

function readOwnSettings(values: Values, env: Env) {
  const reader = new SettingReader(values, [...ownSettings, 'visibleImage'], { nameOf: inputName });
  const flag = (key: string) => reader.required(key) !== '' && reader.flag(key) === true;
  const count = (key: string, max: number) => (reader.required(key) && reader.wholeNumber(key, 1, max)) || 1;
  const files = splitLines(reader.required('files'));
  const trust = splitLines(reader.text('trust'));
  const output = {
    directory: reader.optional('directory'),
    suffix: reader.optional('suffix'),
    inPlace: flag('inPlace'),
  };
  const reference = reader.optional('reference');
  const own = {
    files: files.filter((line) => !line.startsWith('#')),
    ifNoFilesFound: reader.choice('ifNoFilesFound', ['error', 'warn', 'ignore'] as const) ?? ('error' as const),
    output,
    verify: readVerification(reader, trust) ?? ('integrity' as const),
    trust,
    reference,
    summary: flag('summary'),
    run: {
      overwrite: flag('overwrite'),
      skipSigned: flag('skipSigned'),
      failFast: flag('failFast'),
      batchSize: count('batchSize', 99),
      concurrency: count('concurrency', 64),
      dryRun: flag('dryRun'),
    },
  };
  checkOutput(reader, output);
  const problem = reference && checkTemplate(reference);
  if (problem) reader.fail('reference', `Invalid ${inputName('reference')} "${reference}": ${problem}`);
  if (values.visibleImage && !isFile(values.visibleImage.trim())) {
    reader.fail('visibleImage', `Invalid visible-image "${values.visibleImage}": there is no such file.`);
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

const splitLines = (text: string) =>
  text
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');

const readImage = ({ visibleImage = '' }: Values) =>
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
