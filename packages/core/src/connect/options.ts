import type { TokenStore } from '../auth/token-store.ts';
import type { ClientSettings } from '../client/client.ts';
import type { Timeouts } from '../client/service-calls.ts';
import type { Transport } from '../client/transport.ts';
import type { Environment } from '../protocol/environments.ts';

/** What `createSignStash` takes. Only `environment`, `clientId` and `clientSecret` are required. */
export interface SignStashOptions extends ClientSettings {
  /** `'staging'`, `'production'`, `onPremise({ … })`, or explicit `{ tokenUrl, apiUrl }`. */
  environment: Environment;
  /** The client service alias known in Sign'Stash (API reference, section 3). */
  clientId: string;
  /** The secret defined in the backoffice. */
  clientSecret: string;
  /**
   * Allow plain http beyond loopback. Default false; on-premise proxies inside a network are often plain http.
   */
  allowInsecureHttp?: boolean;
  /**
   * How client id and secret are written into the Basic header: `raw` (default, inferred: what seen clients do) or `rfc6749`,
   * form-encoded first. Differs only where they hold characters such as `%` or `+`.
   */
  credentialsEncoding?: 'raw' | 'rfc6749';
  /** Where tokens are kept, for example a Keyv on Redis shared by several processes. Default: memory of this client. */
  tokenStore?: TokenStore;
  /** Milliseconds for one attempt of each kind; see {@link Timeouts}. */
  timeouts?: Partial<Timeouts> & { tokenMs?: number };
  /** Replaces the global fetch, for example one with a proxy agent. */
  fetch?: typeof globalThis.fetch;
  /** Put before this package's own User-Agent. */
  userAgent?: string;
  /** Told of what went wrong without failing a call, such as an unreachable token store. Holds no secrets. */
  onWarning?: (message: string) => void;
  /** Replaces HTTP and token flow together, for tests. */
  transport?: Transport;
}
