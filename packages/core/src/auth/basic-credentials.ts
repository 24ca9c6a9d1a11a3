import type { ClientAuth } from 'oauth4webapi';
import { ConfigurationError } from '../errors/errors.ts';

/**
 * How client id and secret are written into the Basic header. `raw`: as they are, which Spring's classic authorization server
 * decodes. `rfc6749`: form-encoded first, as RFC 6749, section 2.3.1, says. They differ for characters such as `%`.
 */
export type CredentialsEncoding = 'raw' | 'rfc6749';

/** The service's choice is not documented (API reference, section 3): inferred. */
export const defaultCredentialsEncoding: CredentialsEncoding = 'raw';

export interface Credentials {
  /** The client service alias. */
  readonly clientId: string;
  readonly clientSecret: string;
  readonly credentialsEncoding?: CredentialsEncoding | undefined;
}

/** @throws {@link ConfigurationError} if a credential is missing or cannot be sent in a Basic header. */
export function basicCredentials({ clientId, clientSecret, credentialsEncoding }: Credentials): ClientAuth {
  for (const [setting, value] of Object.entries({ clientId, clientSecret })) {
    if (typeof value !== 'string' || value === '')
      throw new ConfigurationError('CONFIGURATION_MISSING', setting, `${setting} is missing.`);
  }
  switch (credentialsEncoding ?? defaultCredentialsEncoding) {
    case 'rfc6749':
      return async (...request) => {
        const { ClientSecretBasic } = await import('oauth4webapi');
        return ClientSecretBasic(clientSecret)(...request);
      };
    case 'raw': {
      if (clientId.includes(':')) {
        const message =
          'clientId holds a colon, which a raw Basic header cannot carry: set credentialsEncoding "rfc6749".';
        throw new ConfigurationError('CONFIGURATION_INVALID', 'clientId', message);
      }
      const value = rawBasicValue(clientId, clientSecret);
      return (_server, _client, _body, headers) => headers.set('authorization', `Basic ${value}`);
    }
    default: {
      const message = 'credentialsEncoding is neither "raw" nor "rfc6749".';
      throw new ConfigurationError('CONFIGURATION_INVALID', 'credentialsEncoding', message);
    }
  }
}

export const rawBasicValue = (clientId: string, clientSecret: string): string =>
  Buffer.from(`${clientId}:${clientSecret}`, 'utf8').toString('base64');
