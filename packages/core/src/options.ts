import type { Environment } from './api/environments.ts';
import type { TokenStore } from './auth/token-store.ts';
import type { FetchFunction } from './http/ky-transport.ts';
import type { LockOptions } from './locks/locked-documents.ts';
import type { ResultStore } from './results/result-store.ts';
import type { ClientSettings } from './signing/client.ts';
import type { Timeouts } from './signing/service-calls.ts';
import type { Transport } from './signing/transport.ts';

/** What `createSignStash` takes. Only `environment`, `clientId` and `clientSecret` are required. */
export interface SignStashOptions extends ClientSettings, LockOptions {
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
   * How client id and secret are written into the Basic header: `raw` (default, inferred from public clients) or `rfc6749`,
   * form-encoded first. Differs only where they hold characters such as `%` or `+`.
   */
  credentialsEncoding?: 'raw' | 'rfc6749';
  /** Where tokens are kept, for example a Keyv on Redis shared by several processes. Default: memory of this client. */
  tokenStore?: TokenStore;
  /**
   * Keeps what `sign`, `signMany` and `signAll` sign, for example `folderResultStore('results')`, so that signing the same document
   * again through the on-premise proxy, which stores nothing, returns the stored document instead of failing with
   * `CONTENT_UNAVAILABLE`.
   */
  resultStore?: ResultStore;
  /** Milliseconds for one attempt of each kind; see {@link Timeouts}. */
  timeouts?: Partial<Timeouts> & { tokenMs?: number };
  /** Replaces the runtime's fetch, for example one with a proxy agent. It must neither repeat a request nor follow redirects. */
  fetch?: FetchFunction;
  /** Product of the adapter, put after this package's in the User-Agent header. */
  userAgent?: string;
  /** OAuth scope; the service documents none. */
  scope?: string;
  /** Replaces HTTP and token flow together, for tests. */
  transport?: Transport;
}
