import {
  ConfigurationError,
  type Environment,
  type NamedEnvironment,
  onPremise,
  resolveEnvironment,
  userAgent,
} from '@signstash-connect/core/client';
import manifest from '../../../package.json' with { type: 'json' };

/** The User-Agent of every request but the token requests, which n8n sends with its own. */
export const nodeUserAgent = userAgent(`${manifest.name}/${manifest.version}`);

/** The credential's own fields, as the editor stores them. */
export interface CredentialFields {
  environment: NamedEnvironment | 'onPremise' | 'custom';
  /** Which service stands behind the proxy. */
  onPremiseService?: NamedEnvironment;
  /** With a custom environment: only where documents go through a proxy. */
  proxyUrl?: string;
  tokenUrl?: string;
  apiUrl?: string;
  allowInsecureHttp?: boolean;
  clientId?: string;
}

/** @throws {@link ConfigurationError} naming the field that is missing or wrong. */
export function endpointsOf(fields: CredentialFields) {
  return resolveEnvironment(environmentOf(fields), { allowInsecureHttp: fields.allowInsecureHttp === true });
}

function environmentOf(fields: CredentialFields): Environment {
  const { environment, onPremiseService = 'production', proxyUrl = '', tokenUrl = '', apiUrl = '' } = fields;
  switch (environment) {
    case 'staging':
    case 'production':
      return environment;
    case 'onPremise':
      return onPremise({ proxyUrl, authorizationServer: onPremiseService });
    case 'custom': {
      const service = { tokenUrl, apiUrl };
      return proxyUrl.trim() === '' ? service : onPremise({ proxyUrl, authorizationServer: service });
    }
    default: {
      const message = `The credential has an unknown environment: ${String(environment)}.`;
      throw new ConfigurationError('CONFIGURATION_INVALID', 'environment', message);
    }
  }
}

/**
 * n8n's own token call and connection test read addresses by expressions, which cannot call functions of ours: so core's
 * addresses are written into the expression.
 *
 * @param fields - What the expression calls the credential: `$self` in the credential's own fields, `$credentials` in its test.
 */
export function addressExpression(address: 'tokenUrl' | 'queryUrl', fields: '$self' | '$credentials'): string {
  const own = address === 'tokenUrl' ? 'tokenUrl' : 'apiUrl';
  const named = (name: NamedEnvironment) => JSON.stringify(resolveEnvironment(name)[address]);
  const service = `(${fields}["environment"] === "onPremise" ? ${fields}["onPremiseService"] : ${fields}["environment"])`;
  const typed = `String(${fields}["${own}"] ?? "").trim().replace(/\\/+$/, "")`;
  return `={{ ${service} === "staging" ? ${named('staging')} : ${service} === "custom" ? ${typed} : ${named('production')} }}`;
}
