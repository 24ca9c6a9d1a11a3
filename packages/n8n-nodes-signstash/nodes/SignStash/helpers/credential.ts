import { type NamedEnvironment, resolveEnvironment, userAgent } from '@signstash-connect/core/client';
import manifest from '../../../package.json' with { type: 'json' };

/** The User-Agent of every request but the token requests, which n8n sends with its own. */
export const nodeUserAgent = userAgent(`${manifest.name}/${manifest.version}`);

/**
 * n8n's own token request and connection test read addresses from expressions, which cannot call functions of the package, so
 * core's addresses are written into the expression.
 *
 * @param fields - The credential's name in the expression: `$self` in the credential's own fields, `$credentials` in its test.
 */
export function addressExpression(address: 'tokenUrl' | 'queryUrl', fields: '$self' | '$credentials'): string {
  const own = address === 'tokenUrl' ? 'tokenUrl' : 'apiUrl';
  const named = (name: NamedEnvironment) => JSON.stringify(resolveEnvironment(name)[address]);
  const service = `(${fields}["environment"] === "on-premise" ? ${fields}["authorizationServer"] : ${fields}["environment"])`;
  const typed = `String(${fields}["${own}"] ?? "").trim().replace(/\\/+$/, "")`;
  return `={{ ${service} === "staging" ? ${named('staging')} : ${service} === "custom" ? ${typed} : ${named('production')} }}`;
}
