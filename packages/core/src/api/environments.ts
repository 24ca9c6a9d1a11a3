import { ConfigurationError } from '../errors/errors.ts';

/** The addresses one client talks to. */
export interface Endpoints {
  /** Where tokens are issued. */
  readonly tokenUrl: string;
  /** Base of the API that signs: the SaaS or the customer's on-premise proxy. */
  readonly signUrl: string;
  /** Base of the API that supports queries: always the SaaS. Absent if only a proxy is configured: then nothing can be looked up. */
  readonly queryUrl?: string;
  /** True if documents are signed through the on-premise proxy, which stores no content. */
  readonly viaProxy: boolean;
  /** See {@link OnPremiseEnvironment.saasSeesProxyDocuments}. */
  readonly saasSeesProxyDocuments?: boolean;
}

/** The vendor's own environments (API reference, section 2: Base URLs). */
export type NamedEnvironment = 'staging' | 'production';

/** Explicit addresses, for anything the names do not cover, such as the sandbox. */
export interface CustomEnvironment {
  /** The full address of the token endpoint, `…/oauth/token`. */
  tokenUrl: string;
  /** Base of the Integration Service, `…/einvoice-integration-ws`. */
  apiUrl: string;
}

/** Documents go through the customer's own proxy; token requests and queries go to the SaaS. Created by {@link onPremise}. */
export interface OnPremiseEnvironment {
  proxyUrl: string;
  authorizationServer: NamedEnvironment | CustomEnvironment | { tokenUrl: string };
  /**
   * Whether the look-up of the SaaS finds documents that were signed through the proxy. Nothing published confirms it, hence the
   * default false: after a lost answer, "not found" leaves the outcome unknown, and the document is not sent again.
   */
  saasSeesProxyDocuments?: boolean;
}

export type Environment = NamedEnvironment | CustomEnvironment | OnPremiseEnvironment;

const named: Record<NamedEnvironment, CustomEnvironment> = {
  staging: {
    tokenUrl: 'https://staging.must.digital/oauth2/authorization-server/oauth/token',
    apiUrl: 'https://staging.must.digital/signstash/einvoice-integration-ws',
  },
  production: {
    tokenUrl: 'https://msignstash.multicert.com/oauth2/authorization-server/oauth/token',
    apiUrl: 'https://msignstash.multicert.com/signstash/einvoice-integration-ws',
  },
};

/** The proxy's documented path below its host (API reference, section 2). */
const proxyPath = '/signstash/einvoice-integration-client-ws';

/**
 * Signs through the on-premise proxy.
 *
 * @param options.proxyUrl - The proxy's host (`http://signstash.intranet:8080`, the documented path is added) or its whole
 *   base address where it differs.
 * @param options.authorizationServer - `'staging'`, `'production'`, explicit `{ tokenUrl, apiUrl }`, or `{ tokenUrl }` alone:
 *   then nothing can be looked up after a lost answer, and such documents end in `OutcomeUnknownError`.
 * @throws {@link ConfigurationError} when the client is created, if an address is invalid.
 */
export function onPremise(options: OnPremiseEnvironment): OnPremiseEnvironment {
  return { ...options };
}

/**
 * The addresses of an environment, cleaned: no trailing or double slashes, no query.
 *
 * @throws {@link ConfigurationError} `CONFIGURATION_INVALID` or `INSECURE_URL` naming the setting.
 */
export function resolveEnvironment(environment: Environment, { allowInsecureHttp = false } = {}): Endpoints {
  const clean = (value: unknown, setting: string) => cleanUrl(value, setting, allowInsecureHttp);
  if (typeof environment === 'string') {
    const known = Object.hasOwn(named, environment) ? named[environment] : undefined;
    if (!known) {
      const message = `Unknown environment "${environment}": use staging, production, onPremise({ … }) or { tokenUrl, apiUrl }.`;
      throw new ConfigurationError('CONFIGURATION_INVALID', 'environment', message);
    }
    return { tokenUrl: known.tokenUrl, signUrl: known.apiUrl, queryUrl: known.apiUrl, viaProxy: false };
  }
  if ('proxyUrl' in environment) {
    const { authorizationServer } = environment;
    const saas =
      typeof authorizationServer === 'string' || 'apiUrl' in authorizationServer
        ? resolveEnvironment(authorizationServer, { allowInsecureHttp })
        : { tokenUrl: clean(authorizationServer.tokenUrl, 'authorizationServer.tokenUrl') };
    const proxy = clean(environment.proxyUrl, 'proxyUrl');
    const signUrl = new URL(proxy).pathname === '/' ? `${proxy}${proxyPath}` : proxy;
    const queryUrl = 'queryUrl' in saas ? saas.queryUrl : undefined;
    const { saasSeesProxyDocuments = false } = environment;
    return {
      tokenUrl: saas.tokenUrl,
      signUrl,
      ...(queryUrl ? { queryUrl } : {}),
      viaProxy: true,
      ...(saasSeesProxyDocuments ? { saasSeesProxyDocuments } : {}),
    };
  }
  const apiUrl = clean(environment.apiUrl, 'apiUrl');
  return { tokenUrl: clean(environment.tokenUrl, 'tokenUrl'), signUrl: apiUrl, queryUrl: apiUrl, viaProxy: false };
}

/** One address, checked and cleaned. Tokens are sent over https only, except to loopback or with explicit permission. */
function cleanUrl(value: unknown, setting: string, allowInsecureHttp: boolean): string {
  if (typeof value !== 'string' || value.trim() === '') {
    throw new ConfigurationError('CONFIGURATION_MISSING', setting, `${setting} is missing: give a full URL.`);
  }
  const url = URL.parse(value.trim());
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new ConfigurationError('CONFIGURATION_INVALID', setting, `${setting} is not an http(s) URL.`);
  }
  if (url.username || url.password) {
    const message = `${setting} holds a user name or password: give credentials as clientId and clientSecret only.`;
    throw new ConfigurationError('CONFIGURATION_INVALID', setting, message);
  }
  if (url.protocol === 'http:' && !allowInsecureHttp && !isLoopback(url.hostname)) {
    const message = `${setting} is plain http (${url.host}): tokens and documents would travel unencrypted.`;
    throw new ConfigurationError('INSECURE_URL', setting, message);
  }
  return url.origin + url.pathname.replace(/\/{2,}/g, '/').replace(/\/$/, '');
}

function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.\d{1,3}){3}$/.test(hostname)
  );
}
