import type { Environment, Preservation, SignatureOptions } from '@signstash-connect/core';
import { checkTemplate } from '../documents/external-reference.ts';
import { environment } from './environment.ts';
import { type OutputInputs, outputs } from './outputs.ts';
import { preservation } from './preservation.ts';
import type { RawInputs } from './raw-inputs.ts';
import { seal } from './seal.ts';
import { choice, duration, flag, lines, optional, required, wholeNumber } from './values.ts';

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
  seal: SignatureOptions;
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

/** @throws {@link InputError} naming the input. */
export function readInputs(raw: RawInputs): Inputs {
  const dryRun = flag(raw, 'dry-run');
  const forks = 'In pull requests from forks, GitHub passes no secrets.';
  const externalReference = optional(raw, 'external-reference');
  if (externalReference) checkTemplate(externalReference);
  return {
    ...outputs(raw),
    files: lines(required(raw, 'files')),
    ifNoFilesFound: choice(raw, 'if-no-files-found', ['error', 'warn', 'ignore']) ?? 'error',
    environment: environment(raw),
    clientId: required(raw, 'client-id'),
    clientSecret: dryRun ? optional(raw, 'client-secret') : required(raw, 'client-secret', forks),
    credentialsEncoding: choice(raw, 'credentials-encoding', ['raw', 'rfc6749']) ?? 'raw',
    allowInsecureHttp: flag(raw, 'allow-insecure-http'),
    seal: seal(raw),
    externalReference,
    preservation: preservation(raw),
    batchSize: wholeNumber(raw, 'batch-size', 1, 99),
    concurrency: wholeNumber(raw, 'concurrency', 1, 64),
    timeoutMs: duration(raw, 'timeout'),
    retries: wholeNumber(raw, 'retries', 0, 20),
    failFast: flag(raw, 'fail-fast'),
    skipSigned: flag(raw, 'skip-signed'),
    verify: flag(raw, 'verify'),
    dryRun,
    summary: flag(raw, 'summary'),
  };
}
