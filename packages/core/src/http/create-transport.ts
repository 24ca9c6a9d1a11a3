import type { Endpoints } from '../api/environments.ts';
import type { Credentials } from '../auth/basic-credentials.ts';
import { TokenCache } from '../auth/token-cache.ts';
import { TokenManager } from '../auth/token-manager.ts';
import { TokenRequest } from '../auth/token-request.ts';
import { MemoryTokenStore, type TokenStore } from '../auth/token-store.ts';
import { Telemetry } from '../signing/telemetry.ts';
import type { Transport } from '../signing/transport.ts';
import { AuthorizedTransport } from './authorized-transport.ts';
import { KyTransport, type KyTransportOptions, kyFetch } from './ky-transport.ts';

export interface TransportOptions extends Credentials, KyTransportOptions {
  readonly endpoints: Pick<Endpoints, 'tokenUrl'>;
  /** OAuth scope; the service documents none. */
  readonly scope?: string | undefined;
  /** Shares tokens with other clients or processes. Default: kept in this client. */
  readonly tokenStore?: TokenStore | undefined;
  /** Milliseconds for one token request, the answer's last byte included. Default 30 s. */
  readonly tokenTimeoutMs?: number | undefined;
  /** Receives requests, retries, token renewals and non-fatal problems. Default: none. */
  readonly telemetry?: Telemetry | undefined;
}

/**
 * The transport of applications: ky, with tokens.
 *
 * @throws {@link ConfigurationError} if a credential is missing.
 */
export function createTransport(options: TransportOptions): { transport: Transport; tokens: TokenManager } {
  const { endpoints, clientId, scope, tokenStore = new MemoryTokenStore(), tokenTimeoutMs } = options;
  const telemetry = options.telemetry ?? new Telemetry();
  const onWarning = telemetry.warning;
  const shared = !(tokenStore instanceof MemoryTokenStore);
  const { tokenUrl } = endpoints;
  const request = new TokenRequest({
    ...options,
    tokenUrl,
    fetch: kyFetch(options),
    timeoutMs: tokenTimeoutMs,
    telemetry,
  });
  const tokens = new TokenManager({
    issue: (signal) => telemetry.token(tokenUrl, () => request.issue(signal)),
    cache: new TokenCache(tokenStore, { owner: { tokenUrl, clientId, scope }, onWarning, shared }),
    onWarning,
  });
  return { transport: new AuthorizedTransport(new KyTransport(options), tokens, telemetry.retry), tokens };
}
