import type { AuthorizationServer, Client, ClientAuth } from 'oauth4webapi';
import { AbortedError, TokenError } from '../errors/errors.ts';
import { Telemetry } from '../signing/telemetry.ts';
import { type Clock, systemClock } from '../utils/clock.ts';
import { Deadline } from '../utils/deadline.ts';
import { describeFailure, hostAndPort, surelyUnsent } from '../utils/network-errors.ts';
import { basicCredentials, type Credentials } from './basic-credentials.ts';
import type { IssuedToken } from './issued-token.ts';
import { createRedactor } from './redactor.ts';
import { readTokenAnswer, type TokenOutcome } from './token-response.ts';

/** How a token request is repeated. Safe: a new token of this grant makes no other one invalid. */
export interface TokenRetryPolicy {
  /** Requests in all. */
  readonly attempts: number;
  /** First delay in milliseconds; doubled each time, with jitter. */
  readonly delayMs: number;
  /** The longest Retry-After, in milliseconds, that is waited for; a longer one ends the attempts. */
  readonly maxDelayMs: number;
}

export const defaultTokenRetryPolicy: TokenRetryPolicy = { attempts: 3, delayMs: 300, maxDelayMs: 10_000 };

export interface TokenRequestOptions extends Credentials {
  /** As cleaned by `resolveEnvironment`, which has decided whether plain http is permitted. */
  readonly tokenUrl: string;
  readonly scope?: string | undefined;
  /** Sends the request; must neither repeat it nor follow redirects. */
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Milliseconds for one attempt, the answer's last byte included. Default 30 s. */
  readonly timeoutMs?: number | undefined;
  readonly retry?: TokenRetryPolicy | undefined;
  readonly clock?: Clock | undefined;
  readonly telemetry?: Telemetry | undefined;
}

/** Far more than any token answer has. */
const maxAnswerBytes = 1024 * 1024;

/** Asks the authorization server for a token: OAuth 2, client_credentials (API reference, section 3). */
export class TokenRequest {
  readonly #server: AuthorizationServer;
  readonly #client: Client;
  readonly #authentication: ClientAuth;
  readonly #scope: string | undefined;
  readonly #fetch: TokenRequestOptions['fetch'];
  readonly #timeoutMs: number;
  readonly #retry: TokenRetryPolicy;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #hideSecrets: (text: string) => string;
  #answered = false;

  /** @throws {@link ConfigurationError} if a credential is missing. */
  constructor(options: TokenRequestOptions) {
    this.#authentication = basicCredentials(options);
    this.#server = { issuer: new URL(options.tokenUrl).origin, token_endpoint: options.tokenUrl };
    this.#client = { client_id: options.clientId };
    this.#scope = options.scope;
    this.#fetch = options.fetch;
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#retry = options.retry ?? defaultTokenRetryPolicy;
    this.#clock = options.clock ?? systemClock;
    this.#telemetry = options.telemetry ?? new Telemetry();
    this.#hideSecrets = createRedactor(options);
  }

  /**
   * Requests a new token. Temporary failures are retried a few times, refused credentials never.
   *
   * @throws {@link CredentialsError}, {@link TokenError} `TOKEN_UNAVAILABLE`, {@link AbortedError}
   */
  async issue(signal?: AbortSignal): Promise<IssuedToken> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#tracedRequest(signal);
      if ('token' in outcome) return outcome.token;
      const { error, passing, retryAfterMs = 0 } = outcome;
      if (!passing || attempt >= this.#retry.attempts || retryAfterMs > this.#retry.maxDelayMs) throw error;
      const doubled = this.#retry.delayMs * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
      const delayMs = Math.max(retryAfterMs, doubled);
      this.#telemetry.retry({ call: 'token', attempt, delayMs, code: error.code, message: error.message });
      await this.#sleep(delayMs, signal);
    }
  }

  async #tracedRequest(signal: AbortSignal | undefined): Promise<TokenOutcome> {
    const url = this.#server.token_endpoint as string;
    let outcome: TokenOutcome | undefined;
    const request = this.#telemetry.request({ endpoint: 'token', method: 'POST', url }, async (context) => {
      outcome = await this.#request(signal, (status) => {
        context.status = status;
      });
      if ('error' in outcome) throw outcome.error;
    });
    await request.catch((error: unknown) => {
      if (!outcome) throw error;
    });
    return outcome as TokenOutcome;
  }

  async #request(signal: AbortSignal | undefined, onStatus: (status: number) => void): Promise<TokenOutcome> {
    const oauth = await import('oauth4webapi');
    const deadline = new Deadline(this.#timeoutMs, signal);
    const askedAt = this.#clock.now();
    try {
      const response = await oauth.clientCredentialsGrantRequest(
        this.#server,
        this.#client,
        this.#authentication,
        this.#scope ? { scope: this.#scope } : {},
        {
          signal: deadline.signal,
          [oauth.customFetch]: (url, init) => this.#fetch(url, init as RequestInit),
          // Whether plain http is permitted has been decided where the address was given.
          [oauth.allowInsecureRequests]: true,
        },
      );
      this.#answered = true;
      const { status, headers } = response;
      onStatus(status);
      const answer = { status, headers, text: await readAtMost(response, maxAnswerBytes), askedAt };
      return readTokenAnswer(answer, { server: this.#server, client: this.#client, hideSecrets: this.#hideSecrets });
    } catch (cause) {
      if (signal?.aborted && !deadline.expired) throw aborted(signal);
      const why = deadline.expired ? `gave no complete answer within ${this.#timeoutMs} ms` : describeFailure(cause);
      const message = `The authorization server at ${hostAndPort(this.#server.issuer)}: ${why}.`;
      const neverAnswered = !this.#answered && !deadline.expired && surelyUnsent(cause);
      const hint = neverAnswered ? unreachableHint : undefined;
      return { error: new TokenError('TOKEN_UNAVAILABLE', message, { cause, neverAnswered, hint }), passing: true };
    } finally {
      deadline.end();
    }
  }

  async #sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#clock.sleep(milliseconds, signal);
    } catch (problem) {
      throw signal?.aborted ? aborted(signal) : problem;
    }
  }
}

const unreachableHint =
  'Nothing was sent. Check the token URL or the environment, the network, and the settings of a corporate web proxy.';

const aborted = (signal: AbortSignal) =>
  new AbortedError('The caller stopped the token request.', { cause: signal.reason });

/** The beginning is enough: a larger answer is not a token, and its beginning is enough for the error message. */
async function readAtMost(response: Response, limit: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  if (!response.body) return text;
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > limit) break;
  }
  return text + decoder.decode();
}
