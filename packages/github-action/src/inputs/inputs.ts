import { resolve } from 'node:path';
import {
  checkReceivers,
  type Environment,
  type Preservation,
  resolveEnvironment,
  type SignatureOptions,
} from '@signstash-connect/core';
import { checkTemplate } from '../documents/external-reference.ts';
import { InputReader } from './input-reader.ts';
import { readSignatureOptions } from './signature-options.ts';

/** Where signed files go. */
export interface OutputInputs {
  inPlace: boolean;
  /** Relative to the workspace. */
  outputDirectory: string | undefined;
  /** Inserted before the extension of output names. */
  suffix: string;
  overwrite: boolean;
}

/** Every input, checked by itself and against the others before anything is read or sent. */
export interface Inputs extends OutputInputs {
  files: string[];
  ifNoFilesFound: 'error' | 'warn' | 'ignore';
  environment: Environment;
  clientId: string;
  /** Absent only in a dry run. */
  clientSecret: string | undefined;
  credentialsEncoding: 'raw' | 'rfc6749';
  allowInsecureHttp: boolean;
  signature: SignatureOptions;
  /** A template, see `external-reference.ts`. */
  externalReference: string | undefined;
  preservation: Preservation | undefined;
  batchSize: number;
  concurrency: number;
  timeoutMs: number;
  retries: number;
  failFast: boolean;
  skipSigned: boolean;
  verify: boolean;
  dryRun: boolean;
  summary: boolean;
}

/** @throws `InputError` naming every input that is wrong. */
export function readInputs(env: Readonly<Record<string, string | undefined>>): Inputs {
  const reader = new InputReader(env);
  const dryRun = reader.flag('dry-run');
  const forks = 'GitHub passes no secrets to pull requests from forks.';
  const allowInsecureHttp = reader.flag('allow-insecure-http');
  reader.required('files');
  const inputs: Inputs = {
    ...readOutputs(reader),
    files: reader.lines('files'),
    ifNoFilesFound: reader.choice('if-no-files-found', ['error', 'warn', 'ignore']) ?? 'error',
    environment: readEnvironment(reader, allowInsecureHttp),
    clientId: reader.required('client-id'),
    clientSecret: (dryRun ? reader.text('client-secret') : reader.required('client-secret', forks)) || undefined,
    credentialsEncoding: reader.choice('credentials-encoding', ['raw', 'rfc6749']) ?? 'raw',
    allowInsecureHttp,
    signature: readSignatureOptions(reader),
    externalReference: readTemplate(reader),
    preservation: readPreservation(reader),
    batchSize: reader.wholeNumber('batch-size', 1, 99),
    concurrency: reader.wholeNumber('concurrency', 1, 64),
    timeoutMs: reader.duration('timeout'),
    retries: reader.wholeNumber('retries', 0, 20),
    failFast: reader.flag('fail-fast'),
    skipSigned: reader.flag('skip-signed'),
    verify: reader.flag('verify'),
    dryRun,
    summary: reader.flag('summary'),
  };
  reader.finish();
  return inputs;
}

function readOutputs(reader: InputReader): OutputInputs {
  const inPlace = reader.flag('in-place');
  const [outputDirectory, suffix] = [reader.optional('output-directory'), reader.optional('suffix')];
  if (inPlace && outputDirectory) reader.fail('in-place', "it cannot be combined with 'output-directory'.");
  if (inPlace && suffix) reader.fail('in-place', "it cannot be combined with 'suffix'.");
  if (suffix && /[\\/]/.test(suffix)) reader.fail('suffix', 'it is part of a file name and cannot contain a slash.');
  if (outputDirectory && !suffix && resolve(outputDirectory) === resolve()) {
    reader.fail('output-directory', "signed files would replace the originals: set 'suffix', or use 'in-place'.");
  }
  return {
    inPlace,
    outputDirectory,
    suffix: suffix ?? (inPlace || outputDirectory ? '' : '-signed'),
    overwrite: reader.flag('overwrite'),
  };
}

/** Core's settings, by the inputs that they come from. */
const addressInputs: Readonly<Record<string, string>> = {
  environment: 'environment',
  tokenUrl: 'token-url',
  apiUrl: 'api-url',
  proxyUrl: 'proxy-url',
  'authorizationServer.tokenUrl': 'token-url',
  'authorizationServer.apiUrl': 'api-url',
};

function readEnvironment(reader: InputReader, allowInsecureHttp: boolean): Environment {
  const name = reader.choice('environment', ['staging', 'production']);
  const tokenUrl = reader.text('token-url');
  const apiUrl = reader.text('api-url');
  const proxyUrl = reader.text('proxy-url');
  if (reader.text('environment') !== '') {
    const other = tokenUrl ? 'token-url' : apiUrl ? 'api-url' : undefined;
    if (other) reader.fail('environment', `it cannot be combined with '${other}': use one of them.`);
  } else if (!tokenUrl) reader.fail('environment', "set staging or production, or else 'token-url'.");
  else if (!apiUrl && !proxyUrl) reader.required('api-url');
  const service = name ?? { tokenUrl, ...(apiUrl ? { apiUrl } : {}) };
  const environment = (proxyUrl ? { proxyUrl, authorizationServer: service } : service) as Environment;
  const complete = name ?? (tokenUrl && (apiUrl || proxyUrl));
  if (complete) {
    reader.attempt(
      () => resolveEnvironment(environment, { allowInsecureHttp }),
      (setting) => addressInputs[setting],
    );
  }
  return environment;
}

function readTemplate(reader: InputReader): string | undefined {
  const template = reader.optional('external-reference');
  const problem = template && checkTemplate(template);
  if (problem) reader.fail('external-reference', problem);
  return template;
}

/** Archiving and delivery by the service. */
function readPreservation(reader: InputReader): Preservation | undefined {
  const receivers = reader.lines('delivery-emails').flatMap((line) => line.split(',').map((email) => email.trim()));
  const attachDocuments = reader.flag('delivery-attach');
  const preserveContent = reader.flag('preserve-content');
  if (receivers.length === 0) {
    if (attachDocuments) reader.fail('delivery-attach', "it needs 'delivery-emails'.");
    return preserveContent ? { preserveContent } : undefined;
  }
  reader.attempt(
    () => checkReceivers(receivers),
    () => 'delivery-emails',
  );
  return { preserveContent, delivery: { receivers, attachDocuments } };
}
