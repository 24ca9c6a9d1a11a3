import type { Environment } from '@signstash-connect/core';
import { InputError } from './input-error.ts';
import type { RawInputs } from './raw-inputs.ts';
import { choice, optional, required } from './values.ts';

/** Where to seal, and where to ask. */
export function environment(raw: RawInputs): Environment {
  const name = choice(raw, 'environment', ['staging', 'production']);
  const [tokenUrl, apiUrl, proxyUrl] = ['token-url', 'api-url', 'proxy-url'].map((input) => optional(raw, input));
  for (const [other, url] of Object.entries({ 'token-url': tokenUrl, 'api-url': apiUrl })) {
    if (name && url) throw new InputError('environment', `it contradicts '${other}': use one of them.`);
  }
  if (!name && !tokenUrl) throw new InputError('environment', "give staging or production, or else 'token-url'.");
  if (proxyUrl) {
    return { proxyUrl, authorizationServer: name ?? { tokenUrl: tokenUrl as string, ...(apiUrl ? { apiUrl } : {}) } };
  }
  return name ?? { tokenUrl: tokenUrl as string, apiUrl: required(raw, 'api-url') };
}

/** Whether anything can be asked there: a proxy seals and answers no questions. */
export const canQuery = (environment: Environment): boolean =>
  typeof environment === 'string' ||
  !('proxyUrl' in environment) ||
  typeof environment.authorizationServer === 'string' ||
  'apiUrl' in environment.authorizationServer;
