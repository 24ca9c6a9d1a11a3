import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ConfigurationError, isSignStashError } from '@signstash-connect/core';
import {
  checkOutputOptions,
  describeError,
  type ParsedSignOptions,
  parseSignOptions,
  type ResolvedSettings,
  resolveSettings,
  type SettingProblem,
  SettingReader,
  SettingsError,
} from '@signstash-connect/core/adapter';
import { closest } from 'fastest-levenshtein';
import metadata from '../action.yml';
import { checkTemplate } from './external-reference.ts';

const settingInputs = {
  environment: 'environment',
  proxyUrl: 'proxy-url',
  tokenUrl: 'token-url',
  apiUrl: 'api-url',
  clientId: 'client-id',
  clientSecret: 'client-secret',
  credentialsEncoding: 'credentials-encoding',
  allowInsecureHttp: 'allow-insecure-http',
  timeout: 'timeout',
  retries: 'retries',
} as const;

const signInputs = {
  type: 'signature-type',
  reason: 'reason',
  location: 'location',
  timestamp: 'timestamp',
  visibleText: 'visible-template',
  visiblePosition: 'visible-position',
  visibleField: 'visible-field',
  visiblePlaceholder: 'visible-placeholder',
  visibleSize: 'visible-size',
  visibleBackground: 'visible-background',
  visibleFontSize: 'visible-font-size',
  preserveContent: 'preserve-content',
  deliveryEmails: 'delivery-emails',
  deliveryAttach: 'delivery-attach',
} as const;

const ownInputs = {
  files: 'files',
  ifNoFilesFound: 'if-no-files-found',
  directory: 'output-directory',
  suffix: 'suffix',
  inPlace: 'in-place',
  overwrite: 'overwrite',
  skipSigned: 'skip-signed',
  verify: 'verify',
  visibleImage: 'visible-image',
  reference: 'external-reference',
  batchSize: 'batch-size',
  concurrency: 'concurrency',
  failFast: 'fail-fast',
  dryRun: 'dry-run',
  summary: 'summary',
} as const;

const inputNames: Readonly<Record<string, string>> = { ...settingInputs, ...signInputs, ...ownInputs };

/** The input that a setting of the kit comes from. */
export const inputName = (setting: string): string | undefined => inputNames[setting];

/** Every input, checked by itself and against the others before anything is read or sent. */
export interface Inputs {
  files: string[];
  ifNoFilesFound: 'error' | 'warn' | 'ignore';
  /** Without a secret only in a dry run. */
  settings: ResolvedSettings;
  sign: ParsedSignOptions;
  output: { directory: string | undefined; suffix: string | undefined; inPlace: boolean };
  overwrite: boolean;
  skipSigned: boolean;
  verify: boolean;
  /** A template, see `external-reference.ts`. */
  reference: string | undefined;
  batchSize: number;
  concurrency: number;
  failFast: boolean;
  dryRun: boolean;
  summary: boolean;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Inputs arrive as `INPUT_` and the name in capitals, hyphens kept. */
const prefix = 'INPUT_';

/** @throws {@link SettingsError} naming every input that is wrong. */
export function readInputs(env: Env): Inputs {
  const read = <K extends string>(inputs: Readonly<Record<K, string>>) => {
    const inputValue = (input: string) => env[prefix + input.toUpperCase()] ?? metadata.inputs[input]?.default;
    return Object.fromEntries(
      Object.entries<string>(inputs).map(([key, input]) => [key, inputValue(input)]),
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
  const own = read(ownInputs);
  const optional = own.dryRun === 'true' ? (['clientSecret'] as const) : [];
  const inputs = {
    settings: collect(() => resolveSettings(read(settingInputs), { nameOf: inputName, optional })),
    sign: collect(() => parseSignOptions({ ...read(signInputs), ...readImage(own) }, { nameOf: inputName })),
    ...collect(() => readOwnInputs(own, env)),
  };
  const [first, ...others] = problems.map(withHint);
  if (first) throw new SettingsError([first, ...others]);
  return inputs;
}

type Values<K extends string> = Record<K, string | undefined>;
type OwnInput = keyof typeof ownInputs;

function readOwnInputs(values: Values<OwnInput>, env: Env) {
  const reader = new SettingReader(values, Object.keys(ownInputs), { nameOf: inputName });
  const flag = (key: OwnInput) => reader.required(key) !== '' && reader.flag(key) === true;
  const count = (key: OwnInput, max: number) => (reader.required(key) && reader.wholeNumber(key, 1, max)) || 1;
  const files = reader
    .required('files')
    .split(/[\r\n]+/)
    .map((line) => line.trim());
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
    verify: flag('verify'),
    reference,
    batchSize: count('batchSize', 99),
    concurrency: count('concurrency', 64),
    failFast: flag('failFast'),
    dryRun: flag('dryRun'),
    summary: flag('summary'),
  };
  checkOutput(reader, output);
  const problem = reference && checkTemplate(reference);
  if (problem) reader.fail('reference', `Invalid ${ownInputs.reference} "${reference}": ${problem}`);
  if (values.visibleImage && !existsSync(values.visibleImage.trim())) {
    reader.fail('visibleImage', `Invalid ${ownInputs.visibleImage} "${values.visibleImage}": there is no such file.`);
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

function checkOutput(reader: SettingReader, output: Inputs['output']): void {
  try {
    checkOutputOptions(output, { nameOf: inputName });
  } catch (error) {
    if (!isSignStashError(error)) throw error;
    reader.fail((error as ConfigurationError).setting, error.message);
  }
  if (output.directory && !output.suffix && resolve(output.directory) === resolve()) {
    const { directory, suffix, inPlace } = ownInputs;
    reader.fail(
      'directory',
      `${directory} is the workspace, so signed files would replace the originals: set ${suffix}, or use ${inPlace}.`,
    );
  }
}

const readImage = ({ visibleImage = '' }: Values<OwnInput>) =>
  existsSync(visibleImage.trim()) ? { visibleImage: readFileSync(visibleImage.trim()) } : {};

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
