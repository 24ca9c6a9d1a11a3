import { type Environment, type NamedEnvironment, resolveEnvironment } from '../api/environments.ts';
import { isSignStashError } from '../errors/errors.ts';
import { type NamingOptions, SettingReader, type SettingValue } from './setting-reader.ts';

/** Every setting of a client that a platform may offer, with its meaning. */
export const settingDescriptions = {
  environment: 'staging, production, on-premise or custom; can be left out if an address below implies it',
  authorizationServer: "with on-premise: staging or production, the Sign'Stash service behind the proxy",
  tokenUrl: 'token endpoint, with custom or on-premise',
  apiUrl: 'base address of the Integration Service, with a token endpoint',
  proxyUrl: 'on-premise proxy: documents are signed through it',
  clientId: "client service alias known in Sign'Stash",
  clientSecret: 'secret defined in the backoffice',
  credentialsEncoding: 'raw (default) or rfc6749: how client id and secret are written into the Basic header',
  allowInsecureHttp: 'true allows plain http to hosts other than this machine',
  saasSeesProxyDocuments:
    'true if your operator confirms that look-ups at the SaaS find documents signed through the proxy; needs a proxy',
  timeout: 'longest duration of one sign request, such as 90s or 5m',
  retries: 'how often a failed sign request is repeated, 0 to 20',
  format: 'json (default) or multipart: the format of the sign request',
  scope: 'OAuth scope; the service documents none',
} as const;

export type SettingName = keyof typeof settingDescriptions;

/** Flat values, as environment variables, inputs, flags or form fields give them. */
export type SettingValues = { readonly [name in SettingName]?: SettingValue };

/** Settings as `createSignStash` takes them. */
export interface ResolvedSettings {
  environment: Environment;
  clientId: string;
  clientSecret: string;
  credentialsEncoding?: 'raw' | 'rfc6749';
  allowInsecureHttp?: boolean;
  /** Milliseconds. */
  timeouts?: { signMs: number; lookupTimeoutMs: number; tokenMs: number };
  retry?: { attempts: number; maxLookupAttempts: number };
  format?: 'json' | 'multipart';
  scope?: string;
}

export interface ResolveSettingsOptions extends NamingOptions {
  /** Required settings that may be missing, such as the secret of a dry run; they come back as `''`. */
  optional?: readonly SettingName[];
}

/** Look-ups and token requests are short, however long signing may take. Milliseconds. */
const maxLookupMs = 60_000;
const maxTokenMs = 30_000;

/**
 * Turns flat values into client settings. Values are trimmed; an empty value counts as not given.
 *
 * @throws `SettingsError`, a `ConfigurationError`, with every setting that is missing, unknown, wrong or contradicted by another,
 *   by the platform's names.
 */
export function resolveSettings(values: SettingValues, options: ResolveSettingsOptions = {}): ResolvedSettings {
  const reader = new SettingReader(values, Object.keys(settingDescriptions), options);
  const isOptional = (name: SettingName) => options.optional?.includes(name) === true;
  const read = (name: SettingName) => (isOptional(name) ? reader.text(name) : reader.required(name));
  const allowInsecureHttp = reader.flag('allowInsecureHttp');
  const environment = withProxyLookUps(
    reader,
    readEnvironment(reader, allowInsecureHttp === true, isOptional('environment')),
  );
  const clientId = read('clientId');
  const clientSecret = read('clientSecret');
  const credentialsEncoding = reader.choice('credentialsEncoding', ['raw', 'rfc6749']);
  const timeoutMs = reader.duration('timeout');
  const retries = reader.wholeNumber('retries', 0, 20);
  const format = reader.choice('format', ['json', 'multipart']);
  const scope = reader.optional('scope');
  reader.finish();
  return {
    environment,
    clientId,
    clientSecret,
    ...(credentialsEncoding ? { credentialsEncoding } : {}),
    ...(allowInsecureHttp === undefined ? {} : { allowInsecureHttp }),
    ...(timeoutMs === undefined ? {} : { timeouts: timeouts(timeoutMs) }),
    // Look-ups are always safe to repeat, and the answer to one may make a sign request unnecessary.
    ...(retries === undefined ? {} : { retry: { attempts: retries + 1, maxLookupAttempts: Math.max(1, retries * 2) } }),
    ...(format ? { format } : {}),
    ...(scope ? { scope } : {}),
  };
}

const timeouts = (signMs: number) => ({
  signMs,
  lookupTimeoutMs: Math.min(signMs, maxLookupMs),
  tokenMs: Math.min(signMs, maxTokenMs),
});

/** Whether operations can be looked up there: a proxy alone signs but does not support queries. */
export const canQuery = (environment: Environment): boolean =>
  resolveEnvironment(environment, { allowInsecureHttp: true }).queryUrl !== undefined;

type EnvironmentName = NamedEnvironment | 'on-premise' | 'custom';

function readEnvironment(reader: SettingReader, allowInsecureHttp: boolean, isOptional: boolean): Environment {
  const name = reader.choice('environment', ['staging', 'production', 'on-premise', 'custom'] as const);
  const [tokenUrl, apiUrl, proxyUrl] = (['tokenUrl', 'apiUrl', 'proxyUrl'] as const).map((key) =>
    readUrl(reader, key, allowInsecureHttp),
  );
  if (reader.has('environment') && name === undefined) return 'staging';
  const kind = name ?? (reader.has('proxyUrl') ? 'on-premise' : 'custom');
  if (kind === 'custom' && name === undefined && !reader.has('tokenUrl') && !reader.has('apiUrl')) {
    if (!isOptional) reader.required('environment');
    return 'staging';
  }
  refuseContradictions(reader, kind);
  if (kind === 'custom') {
    const service = {
      tokenUrl: reader.required('tokenUrl'),
      apiUrl: proxyUrl ? (apiUrl ?? '') : reader.required('apiUrl'),
    };
    return proxyUrl ? behindProxy(proxyUrl, service) : service;
  }
  if (kind === 'on-premise') {
    const proxy = reader.required('proxyUrl');
    const service = reader.choice('authorizationServer', ['staging', 'production'] as const);
    return service
      ? { proxyUrl: proxy, authorizationServer: service }
      : behindProxy(proxy, readService(reader, tokenUrl, apiUrl));
  }
  return proxyUrl ? { proxyUrl, authorizationServer: kind } : kind;
}

function readService(reader: SettingReader, tokenUrl: string | undefined, apiUrl: string | undefined) {
  if (!tokenUrl && !reader.has('tokenUrl') && !reader.has('authorizationServer')) {
    // Where the environment says on-premise, it cannot name the service as well.
    const ways: SettingName[] = reader.has('environment') ? [] : ['environment'];
    const message = `${reader.name('tokenUrl')} is not set: the proxy issues no tokens, so name the service that does by ${reader.names([...ways, 'authorizationServer', 'tokenUrl'])}.`;
    reader.fail('tokenUrl', message, 'CONFIGURATION_MISSING');
  }
  return { tokenUrl: tokenUrl ?? '', apiUrl: apiUrl ?? '' };
}

/** The setting concerns documents signed through a proxy: without a proxy, it would be ignored silently. */
function withProxyLookUps(reader: SettingReader, environment: Environment): Environment {
  if (reader.flag('saasSeesProxyDocuments') !== true) return environment;
  if (typeof environment === 'object' && 'proxyUrl' in environment) {
    return { ...environment, saasSeesProxyDocuments: true };
  }
  // With a proxy, the environment itself was invalid and has been reported.
  if (!reader.has('proxyUrl') && reader.optional('environment') !== 'on-premise') {
    const message = `${reader.name('saasSeesProxyDocuments')} is set without ${reader.name('proxyUrl')}: set both, or leave it out.`;
    reader.fail('saasSeesProxyDocuments', message);
  }
  return environment;
}

const behindProxy = (proxyUrl: string, { tokenUrl, apiUrl }: { tokenUrl: string; apiUrl: string }): Environment => ({
  proxyUrl,
  authorizationServer: apiUrl === '' ? { tokenUrl } : { tokenUrl, apiUrl },
});

/** Addresses that the chosen environment does not use are refused: they would be ignored silently. */
function refuseContradictions(reader: SettingReader, kind: EnvironmentName): void {
  const unused: Record<EnvironmentName, readonly SettingName[]> = {
    staging: ['tokenUrl', 'apiUrl', 'authorizationServer'],
    production: ['tokenUrl', 'apiUrl', 'authorizationServer'],
    custom: ['authorizationServer'],
    'on-premise': reader.has('authorizationServer') ? ['tokenUrl', 'apiUrl'] : [],
  };
  const other = unused[kind].find((key) => reader.has(key));
  if (other === undefined) return;
  const first = kind === 'on-premise' ? 'authorizationServer' : 'environment';
  const value = reader.has(first) ? ` (${reader.text(first)})` : '';
  reader.fail(first, `${reader.name(first)}${value} and ${reader.name(other)} are both set: use one of them.`);
}

/** An address as entered; core normalizes it when the client is created. */
function readUrl(reader: SettingReader, key: SettingName, allowInsecureHttp: boolean): string | undefined {
  const url = reader.optional(key);
  if (url === undefined) return undefined;
  try {
    // Checks one address by core's own rules.
    resolveEnvironment({ tokenUrl: url, apiUrl: url }, { allowInsecureHttp });
    return url;
  } catch (error) {
    if (!isSignStashError(error)) throw error;
    const message = error.message.replace(/^(apiUrl|tokenUrl)/, () => reader.name(key));
    reader.fail(key, message, error.code === 'INSECURE_URL' ? 'INSECURE_URL' : 'CONFIGURATION_INVALID');
    return undefined;
  }
}
