import { ConfigurationError } from '@signstash-connect/core';
import { hintFor } from '../report/hints.ts';
import { InputError } from './input-error.ts';

/** Core's settings, by the inputs that they come from. */
const inputOf: Readonly<Record<string, string>> = {
  environment: 'environment',
  clientId: 'client-id',
  clientSecret: 'client-secret',
  credentialsEncoding: 'credentials-encoding',
  tokenUrl: 'token-url',
  apiUrl: 'api-url',
  proxyUrl: 'proxy-url',
  'authorizationServer.tokenUrl': 'token-url',
  'authorizationServer.apiUrl': 'api-url',
};

/** What was thrown, told by the input's name where core names a setting. */
export function settingError(error: unknown): Error {
  if (error instanceof ConfigurationError) {
    const input = inputOf[error.setting];
    if (input) return new InputError(input, `${error.message} ${hintFor(error)}`);
  }
  return error instanceof Error ? error : new Error(String(error));
}
