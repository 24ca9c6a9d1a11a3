import type { Environment, Preservation, SealOptions, VisibleSeal } from '@signstash-connect/core';
import { InputError } from './input-error.ts';
import { choice, count, duration, flag, lines, type RawInputs, required } from './read-inputs.ts';

/** Every input, checked against the others before anything is sent. */
export interface Inputs {
  files: string[];
  environment: Environment;
  clientId: string;
  clientSecret: string;
  credentialsEncoding: 'raw' | 'rfc6749';
  allowInsecureHttp: boolean;
  outputDirectory: string | undefined;
  inPlace: boolean;
  suffix: string;
  overwrite: boolean;
  seal: SealOptions;
  externalReference: string | undefined;
  preservation: Preservation | undefined;
  batchSize: number;
  concurrency: number;
  timeoutMs: number;
  retries: number;
  ifNoFilesFound: 'error' | 'warn' | 'ignore';
  failFast: boolean;
  skipSigned: boolean;
  verify: boolean;
  dryRun: boolean;
  summary: boolean;
}

/** @throws {@link InputError} naming the input. */
export function parseInputs(raw: RawInputs): Inputs {
  const files = lines(required(raw, 'files'));
  const outputDirectory = raw('output-directory') || undefined;
  const inPlace = flag(raw, 'in-place');
  if (inPlace && outputDirectory)
    throw new InputError('in-place', "it contradicts 'output-directory': use one of them.");
  if (inPlace && raw('suffix')) throw new InputError('in-place', "it contradicts 'suffix': use one of them.");
  return {
    files,
    environment: environment(raw),
    clientId: required(raw, 'client-id'),
    clientSecret: required(raw, 'client-secret'),
    credentialsEncoding: choice(raw, 'credentials-encoding', ['raw', 'rfc6749']) ?? 'raw',
    allowInsecureHttp: flag(raw, 'allow-insecure-http'),
    outputDirectory,
    inPlace,
    suffix: inPlace ? '' : raw('suffix') || (outputDirectory ? '' : '-signed'),
    overwrite: flag(raw, 'overwrite') || inPlace,
    seal: seal(raw),
    externalReference: externalReference(raw),
    preservation: preservation(raw),
    batchSize: count(raw, 'batch-size', [1, 99]),
    concurrency: count(raw, 'concurrency', [1, 64]),
    timeoutMs: duration(raw, 'timeout'),
    retries: count(raw, 'retries', [0, 20]),
    ifNoFilesFound: choice(raw, 'if-no-files-found', ['error', 'warn', 'ignore']) ?? 'error',
    failFast: flag(raw, 'fail-fast'),
    skipSigned: flag(raw, 'skip-signed'),
    verify: flag(raw, 'verify'),
    dryRun: flag(raw, 'dry-run'),
    summary: flag(raw, 'summary'),
  };
}

function environment(raw: RawInputs): Environment {
  const name = choice(raw, 'environment', ['staging', 'production']);
  const [tokenUrl, apiUrl, proxyUrl] = [raw('token-url'), raw('api-url'), raw('proxy-url')];
  if (name && tokenUrl) throw new InputError('environment', "it contradicts 'token-url': use one of them.");
  if (name && apiUrl) throw new InputError('environment', "it contradicts 'api-url': use one of them.");
  if (!name && !tokenUrl) throw new InputError('environment', "give it, or 'token-url' and 'api-url'.");
  if (proxyUrl) return { proxyUrl, authorizationServer: name ?? { tokenUrl, ...(apiUrl ? { apiUrl } : {}) } };
  return name ?? { tokenUrl, apiUrl: required(raw, 'api-url') };
}

function seal(raw: RawInputs): SealOptions {
  const type = choice(raw, 'signature-type', ['PAdES', 'XAdES', 'CAdES']);
  const visible = visibleSeal(raw);
  return {
    ...(type ? { type } : {}),
    ...(raw('reason') ? { reason: raw('reason') } : {}),
    ...(raw('location') ? { location: raw('location') } : {}),
    timestamp: flag(raw, 'timestamp'),
    ...(visible ? { visible } : {}),
  };
}

function visibleSeal(raw: RawInputs): VisibleSeal | undefined {
  const places = ['visible-position', 'visible-field', 'visible-placeholder'].filter((name) => raw(name) !== '');
  const [place, other] = places;
  if (other !== undefined) throw new InputError(other, `it contradicts '${place}': a seal has one place.`);
  const template = raw('visible-template');
  if (place === undefined) {
    const stray = ['visible-template', 'visible-size'].find((name) => raw(name) !== '');
    if (stray)
      throw new InputError(stray, "it needs a place: 'visible-position', 'visible-field' or 'visible-placeholder'.");
    return undefined;
  }
  if (template === '') throw new InputError('visible-template', 'a visible seal needs a text, or "service".');
  const [, width, height] = /^(\d+(?:\.\d+)?)\s*x\s*(\d+(?:\.\d+)?)$/i.exec(raw('visible-size')) ?? [];
  if (raw('visible-size') && width === undefined)
    throw new InputError('visible-size', `"${raw('visible-size')}" is no size such as 155x50.`);
  return {
    template: template === 'service' ? { service: true } : template,
    at: visiblePlace(raw, place),
    ...(width === undefined ? {} : { area: { width: Number(width), height: Number(height) } }),
  };
}

function visiblePlace(raw: RawInputs, input: string): VisibleSeal['at'] {
  const value = raw(input);
  if (input === 'visible-field') return { field: value };
  if (input === 'visible-placeholder') return { placeholder: value };
  const [, page, x, y] = /^page=(\d+),\s*x=(\d+(?:\.\d+)?),\s*y=(\d+(?:\.\d+)?)$/.exec(value) ?? [];
  if (page === undefined) throw new InputError(input, `"${value}" is no position such as page=1,x=70,y=100.`);
  return { page: Number(page), x: Number(x), y: Number(y) };
}

function externalReference(raw: RawInputs): string | undefined {
  const template = raw('external-reference');
  if (template === '') return undefined;
  const unknown = template
    .match(/\{[^}]*\}/g)
    ?.find((part) => !['{repository}', '{run}', '{path}', '{sha256}'].includes(part));
  if (unknown)
    throw new InputError('external-reference', `${unknown} is not one of {repository}, {run}, {path}, {sha256}.`);
  if (!/\{(path|sha256)\}/.test(template)) {
    throw new InputError('external-reference', 'without {path} or {sha256} every file would get the same reference.');
  }
  return template;
}

function preservation(raw: RawInputs): Preservation | undefined {
  const receivers = lines(raw('delivery-emails').replaceAll(',', '\n'));
  const attachDocuments = flag(raw, 'delivery-attach');
  const preserveContent = flag(raw, 'preserve-content');
  if (attachDocuments && receivers.length === 0) throw new InputError('delivery-attach', "it needs 'delivery-emails'.");
  if (receivers.length === 0) return preserveContent ? { preserveContent } : undefined;
  return { preserveContent, delivery: { receivers, attachDocuments } };
}
