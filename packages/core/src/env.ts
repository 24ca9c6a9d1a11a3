import { resolveSettings, type SettingName } from './adapters/settings.ts';
import type { SignStashOptions } from './options.ts';

/** The environment variables that are read, and what they mean. */
export const environmentVariables = {
  SIGNSTASH_ENVIRONMENT:
    'staging, production, on-premise or custom; with SIGNSTASH_PROXY_URL, staging or production name the SaaS behind the proxy',
  SIGNSTASH_AUTHORIZATION_SERVER: 'staging or production: with on-premise, the SaaS behind the proxy',
  SIGNSTASH_TOKEN_URL: 'token endpoint, instead of a named environment',
  SIGNSTASH_API_URL: 'base of the Integration Service, with SIGNSTASH_TOKEN_URL',
  SIGNSTASH_PROXY_URL: 'on-premise proxy: documents are signed through it',
  SIGNSTASH_CLIENT_ID: "client service alias known in Sign'Stash",
  SIGNSTASH_CLIENT_SECRET: 'secret defined in the backoffice',
  SIGNSTASH_CREDENTIALS_ENCODING: 'raw (default) or rfc6749',
  SIGNSTASH_ALLOW_INSECURE_HTTP: 'true allows plain http beyond loopback',
  SIGNSTASH_SAAS_SEES_PROXY_DOCUMENTS:
    'true if your operator confirms that look-ups at the SaaS find documents signed through the proxy',
} as const;

const variableBySetting: Partial<Record<SettingName, keyof typeof environmentVariables>> = {
  environment: 'SIGNSTASH_ENVIRONMENT',
  authorizationServer: 'SIGNSTASH_AUTHORIZATION_SERVER',
  tokenUrl: 'SIGNSTASH_TOKEN_URL',
  apiUrl: 'SIGNSTASH_API_URL',
  proxyUrl: 'SIGNSTASH_PROXY_URL',
  clientId: 'SIGNSTASH_CLIENT_ID',
  clientSecret: 'SIGNSTASH_CLIENT_SECRET',
  credentialsEncoding: 'SIGNSTASH_CREDENTIALS_ENCODING',
  allowInsecureHttp: 'SIGNSTASH_ALLOW_INSECURE_HTTP',
  saasSeesProxyDocuments: 'SIGNSTASH_SAAS_SEES_PROXY_DOCUMENTS',
};

/**
 * Reads the SIGNSTASH_* variables.
 *
 * @throws `ConfigurationError` naming every variable that is missing, unknown or contradicted by another.
 */
export function optionsFromEnv(env: Readonly<Record<string, string | undefined>>): SignStashOptions {
  const values = Object.fromEntries(Object.entries(variableBySetting).map(([setting, name]) => [setting, env[name]]));
  return resolveSettings(values, { nameOf: (setting) => variableBySetting[setting as SettingName] });
}
