import { parseArgs } from 'node:util';
import type { SandboxOptions } from '../options.ts';

export const usageText = `Usage: signstash-sandbox [options]

Runs a local Sign'Stash. Its seals are NOT qualified and have no legal value.

  --port PORT              port to listen on (default 8700; 0: any free one)
  --host HOST              address to listen on (default 127.0.0.1; the admin API needs a loopback address)
  --state DIR              where the certificate authority is kept
  --client-id ID           client service alias
  --client-secret SECRET   its secret
  --token-lifetime SECONDS how long a token holds (default 86399)
  --duplicates MODE        repeated external references: refuse (default) or seal-again
  --limit COUNT            signatures the issuer has paid for
  --key ALGORITHM          EC-P256 (default) or RSA-2048
  --json                   print one line of JSON instead of lines to copy
  --help, --version
`;

export interface CliArguments {
  options: SandboxOptions;
  json: boolean;
  help: boolean;
  version: boolean;
}

const defaultPort = 8700;

/** Throws where an argument is unknown or makes no sense. */
export function parseArguments(args: string[]): CliArguments {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string' },
      host: { type: 'string' },
      state: { type: 'string' },
      'client-id': { type: 'string' },
      'client-secret': { type: 'string' },
      'token-lifetime': { type: 'string' },
      duplicates: { type: 'string' },
      limit: { type: 'string' },
      key: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      version: { type: 'boolean', default: false },
    },
  });
  const options = withoutUndefined({
    port: wholeNumber('--port', values.port) ?? defaultPort,
    host: values.host,
    stateDirectory: values.state,
    clientId: values['client-id'],
    clientSecret: values['client-secret'],
    tokenLifetimeSeconds: wholeNumber('--token-lifetime', values['token-lifetime']),
    duplicateReferences: oneOf('--duplicates', values.duplicates, ['refuse', 'seal-again']),
    limitUsageCount: wholeNumber('--limit', values.limit),
    keyAlgorithm: oneOf('--key', values.key, ['EC-P256', 'RSA-2048']),
  });
  return { options, json: values.json, help: values.help, version: values.version };
}

function wholeNumber(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d+$/.test(value)) throw new Error(`${name} must be a whole number, not ${value}`);
  return Number(value);
}

function oneOf<T extends string>(name: string, value: string | undefined, allowed: readonly T[]): T | undefined {
  if (value === undefined) return undefined;
  const found = allowed.find((candidate) => candidate === value);
  if (!found) throw new Error(`${name} must be ${allowed.join(' or ')}, not ${value}`);
  return found;
}

type Defined<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

function withoutUndefined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}
