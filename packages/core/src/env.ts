import type { NamedEnvironment } from './api/environments.ts';
import { ConfigurationError } from './errors/errors.ts';
import type { SignStashOptions } from './options.ts';

/** The environment variables that are read, and what they mean. */
export const environmentVariables = {
  SIGNSTASH_ENVIRONMENT: 'staging or production; with SIGNSTASH_PROXY_URL: the SaaS behind the proxy',
  SIGNSTASH_TOKEN_URL: 'token endpoint, instead of SIGNSTASH_ENVIRONMENT',
  SIGNSTASH_API_URL: 'base of the Integration Service, with SIGNSTASH_TOKEN_URL',
  SIGNSTASH_PROXY_URL: 'on-premise proxy: documents are signed through it',
  SIGNSTASH_CLIENT_ID: "client service alias known in Sign'Stash",
  SIGNSTASH_CLIENT_SECRET: 'secret defined in the backoffice',
  SIGNSTASH_CREDENTIALS_ENCODING: 'raw (default) or rfc6749',
  SIGNSTASH_ALLOW_INSECURE_HTTP: 'true allows plain http beyond loopback',
} as const;

/**
 * Reads the SIGNSTASH_* variables.
 *
 * @throws {@link ConfigurationError} naming the variable that is missing, unknown or contradicted by another.
 */
export function optionsFromEnv(env: Readonly<Record<string, string | undefined>>): SignStashOptions {
  const read = (name: keyof typeof environmentVariables) => env[name]?.trim() || undefined;
  const needed = (name: keyof typeof environmentVariables) => {
    const value = read(name);
    if (value === undefined) throw new ConfigurationError('CONFIGURATION_MISSING', name, `${name} is not set.`);
    return value;
  };
  const encoding = read('SIGNSTASH_CREDENTIALS_ENCODING');
  if (encoding !== undefined && encoding !== 'raw' && encoding !== 'rfc6749') {
    const name = 'SIGNSTASH_CREDENTIALS_ENCODING';
    throw new ConfigurationError('CONFIGURATION_INVALID', name, `${name} is "${encoding}": use raw or rfc6749.`);
  }
  const insecure = read('SIGNSTASH_ALLOW_INSECURE_HTTP');
  if (insecure !== undefined && insecure !== 'true' && insecure !== 'false') {
    const name = 'SIGNSTASH_ALLOW_INSECURE_HTTP';
    throw new ConfigurationError('CONFIGURATION_INVALID', name, `${name} is "${insecure}": use true or false.`);
  }
  return {
    environment: environmentFrom(read, needed),
    clientId: needed('SIGNSTASH_CLIENT_ID'),
    clientSecret: needed('SIGNSTASH_CLIENT_SECRET'),
    ...(encoding ? { credentialsEncoding: encoding } : {}),
    ...(insecure ? { allowInsecureHttp: insecure === 'true' } : {}),
  };
}

function environmentFrom(
  read: (name: keyof typeof environmentVariables) => string | undefined,
  needed: (name: keyof typeof environmentVariables) => string,
): SignStashOptions['environment'] {
  const [name, tokenUrl, proxyUrl] = (
    ['SIGNSTASH_ENVIRONMENT', 'SIGNSTASH_TOKEN_URL', 'SIGNSTASH_PROXY_URL'] as const
  ).map(read);
  if (name !== undefined && tokenUrl !== undefined) {
    const message = 'SIGNSTASH_ENVIRONMENT and SIGNSTASH_TOKEN_URL are both set: use one of them.';
    throw new ConfigurationError('CONFIGURATION_INVALID', 'SIGNSTASH_ENVIRONMENT', message);
  }
  if (proxyUrl !== undefined) {
    const apiUrl = read('SIGNSTASH_API_URL');
    const explicit = () => ({ tokenUrl: needed('SIGNSTASH_TOKEN_URL'), ...(apiUrl ? { apiUrl } : {}) });
    return { proxyUrl, authorizationServer: (name as NamedEnvironment | undefined) ?? explicit() };
  }
  // An unknown name is refused with the names that exist, when the client is made.
  if (tokenUrl !== undefined) return { tokenUrl, apiUrl: needed('SIGNSTASH_API_URL') };
  return needed('SIGNSTASH_ENVIRONMENT') as NamedEnvironment;
}
