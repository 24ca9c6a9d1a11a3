import { resolveSettings } from '@signstash-connect/core/adapter';
import { type Endpoints, type NamedEnvironment, resolveEnvironment, userAgent } from '@signstash-connect/core/client';
import manifest from '../../../package.json' with { type: 'json' };
import { naming } from './setting-names.ts';

/** The User-Agent of every request but the token requests, which n8n sends with its own. */
export const nodeUserAgent = userAgent(`${manifest.name}/${manifest.version}`);

/** The credential's own fields, as the editor stores them. */
export interface CredentialFields {
  environment: NamedEnvironment | 'onPremise' | 'custom';
  /** Which service is behind the proxy. */
  onPremiseService?: NamedEnvironment;
  /** With a custom environment: only if documents go through a proxy. */
  proxyUrl?: string;
  tokenUrl?: string;
  apiUrl?: string;
  allowInsecureHttp?: boolean;
  saasSeesProxyDocuments?: boolean;
  clientId?: string;
}

/** @throws `SettingsError` naming the field that is missing or invalid. */
export function endpointsOf(fields: CredentialFields): Endpoints {
  const { environment, onPremiseService = 'production', proxyUrl, tokenUrl, apiUrl, saasSeesProxyDocuments } = fields;
  const allowInsecureHttp = fields.allowInsecureHttp === true;
  // The editor hides fields of another environment but keeps their values.
  const addresses =
    environment === 'onPremise'
      ? { environment: 'on-premise', authorizationServer: onPremiseService, proxyUrl, saasSeesProxyDocuments }
      : environment === 'custom'
        ? { environment, proxyUrl, tokenUrl, apiUrl, saasSeesProxyDocuments }
        : { environment };
  const optional = ['clientId', 'clientSecret'] as const;
  const settings = resolveSettings({ ...addresses, allowInsecureHttp }, { ...naming, optional });
  return resolveEnvironment(settings.environment, { allowInsecureHttp });
}

/**
 * n8n's own token request and connection test read addresses from expressions, which cannot call functions of the package, so
 * core's addresses are written into the expression.
 *
 * @param fields - The credential's name in the expression: `$self` in the credential's own fields, `$credentials` in its test.
 */
export function addressExpression(address: 'tokenUrl' | 'queryUrl', fields: '$self' | '$credentials'): string {
  const own = address === 'tokenUrl' ? 'tokenUrl' : 'apiUrl';
  const named = (name: NamedEnvironment) => JSON.stringify(resolveEnvironment(name)[address]);
  const service = `(${fields}["environment"] === "onPremise" ? ${fields}["onPremiseService"] : ${fields}["environment"])`;
  const typed = `String(${fields}["${own}"] ?? "").trim().replace(/\\/+$/, "")`;
  return `={{ ${service} === "staging" ? ${named('staging')} : ${service} === "custom" ? ${typed} : ${named('production')} }}`;
}
