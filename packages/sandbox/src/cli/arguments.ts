import { parseArgs } from 'node:util';
import type { SandboxOptions } from '../options.ts';

export const usageText = `Usage: signstash-sandbox [options]
       signstash-sandbox curl [--port PORT]

Runs a local Sign'Stash. Its seals are NOT qualified and have no legal value.
"signstash-sandbox curl" prints the whole flow as curl commands for a running sandbox.

  --port PORT              port to listen on (default 8700; 0: any free one)
  --host HOST              address to listen on (default 127.0.0.1; the admin API needs a loopback address)
  --state DIR              where the certificate authority is kept
  --client-id ID           client service alias
  --client-secret SECRET   its secret
  --admin-token TOKEN      token of the admin API (default: a new one for every start)
  --token-lifetime SECONDS lifetime of an access token (default 86399)
  --duplicates MODE        repeated external references: refuse (default), refuse-signed or sign-again
  --limit COUNT            signatures the issuer has paid for, or none
  --key ALGORITHM          RSA-2048 (default) or EC-P256
  --origin EDGE            where y of a COORDINATE starts: top (default) or bottom
  --refused-token STATUS   answer to an expired token: 401 (default) or 409
  --not-found ANSWER       look-up of an unknown reference: 404 (default), 204, null, empty or error-500
  --dates MODE             mixed (default), lisbon, offset or iso
  --quiet                  no request log
  --json                   print one line of JSON instead of lines to paste; no request log
  --help, --version
`;

export interface CliArguments {
  command: 'run' | 'curl';
  options: SandboxOptions;
  json: boolean;
  quiet: boolean;
  help: boolean;
  version: boolean;
}

const defaultPort = 8700;
const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;
const known = {
  port: text,
  host: text,
  state: text,
  'client-id': text,
  'client-secret': text,
  'admin-token': text,
  'token-lifetime': text,
  duplicates: text,
  limit: text,
  key: text,
  origin: text,
  'refused-token': text,
  'not-found': text,
  dates: text,
  quiet: flag,
  json: flag,
  help: { ...flag, short: 'h' },
  version: flag,
} as const;

/** Throws for an unknown or invalid argument. */
export function parseArguments(args: string[]): CliArguments {
  const { values, positionals } = parse(args);
  const [command = 'run', ...more] = positionals;
  if ((command !== 'run' && command !== 'curl') || more.length > 0) {
    throw new Error(`Unknown command "${positionals.join(' ')}": expected none or "curl". See --help.`);
  }
  const options = withoutUndefined({
    port: wholeNumber('--port', values.port) ?? defaultPort,
    host: values.host,
    stateDirectory: values.state,
    clientId: values['client-id'],
    clientSecret: values['client-secret'],
    adminToken: values['admin-token'],
    tokenLifetimeSeconds: wholeNumber('--token-lifetime', values['token-lifetime']),
    duplicateReferences: oneOf('--duplicates', values.duplicates, ['refuse', 'refuse-signed', 'sign-again']),
    limitUsageCount: values.limit === 'none' ? null : wholeNumber('--limit', values.limit),
    keyAlgorithm: oneOf('--key', values.key, ['RSA-2048', 'EC-P256']),
    coordinateOrigin: oneOf('--origin', values.origin, ['top', 'bottom']),
    refusedToken: oneOf('--refused-token', values['refused-token'], ['401', '409']),
    lookupNotFound: oneOf('--not-found', values['not-found'], ['404', '204', 'null', 'empty', 'error-500']),
    dates: oneOf('--dates', values.dates, ['mixed', 'lisbon', 'offset', 'iso']),
  });
  const { json, quiet, help, version } = values;
  return { command, options, json, quiet, help, version };
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: known, allowPositionals: true });
  } catch (error) {
    const option = /'(--[^' ]+)/.exec((error as Error).message)?.[1];
    const hint = option && nearest(option);
    throw new Error(`${(error as Error).message.split('. ')[0]}.${hint ? ` Did you mean ${hint}?` : ''} See --help.`);
  }
}

/** The known option with the longest common prefix, if that has at least two letters. */
function nearest(option: string): string | undefined {
  const shared = (name: string) => {
    let length = 0;
    while (length < name.length && name[length] === option[length]) length += 1;
    return length;
  };
  const ranked = Object.keys(known)
    .map((name) => `--${name}`)
    .sort((a, b) => shared(b) - shared(a));
  return shared(ranked[0]!) >= 4 ? ranked[0] : undefined;
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
