import { discard } from '../api/response/read-text.ts';
import type { IssuedToken } from '../auth/issued-token.ts';
import type { TokenSource } from '../auth/token-manager.ts';
import { TokenError } from '../errors/errors.ts';
import type { Transport, TransportRequest, TransportResponse } from '../signing/transport.ts';
import { Deadline } from '../utils/deadline.ts';

/**
 * Adds the token to each request. Where the API refuses it, the request is replayed once with a new one (API reference,
 * section 3, step 5 or 6); it never was processed, so nothing can be sealed twice by that.
 */
export class AuthorizedTransport implements Transport {
  readonly #transport: Transport;
  readonly #tokens: TokenSource;

  constructor(transport: Transport, tokens: TokenSource) {
    this.#transport = transport;
    this.#tokens = tokens;
  }

  /**
   * `timeoutMs` holds for each of its steps: waiting for a token, sending, and the one replay.
   *
   * @throws {@link TokenError} `TOKEN_REFUSED` where the API refuses the new token, too.
   */
  async send(request: TransportRequest): Promise<TransportResponse> {
    const token = await this.#token(request);
    const response = await this.#sendWith(token, request);
    if (response.status !== 401) return response;
    await discard(response.body);
    this.#tokens.invalidate(token);
    const newToken = await this.#token(request);
    const replayed = await this.#sendWith(newToken, request);
    if (replayed.status !== 401) return replayed;
    await discard(replayed.body);
    throw refused(request, replayed, newToken);
  }

  async #sendWith(token: IssuedToken, request: TransportRequest): Promise<TransportResponse> {
    const headers = { ...request.headers, authorization: token.authorization() };
    const response = await this.#transport.send({ ...request, headers });
    return { ...response, removeSecrets: (text) => token.removeFrom(text) };
  }

  /** Waiting for a token ends with the call's own time, too; nothing has been sent by then, which a TimeoutError would not say. */
  async #token({ endpoint, timeoutMs, signal }: TransportRequest): Promise<IssuedToken> {
    const deadline = new Deadline(timeoutMs, signal);
    try {
      return await this.#tokens.getToken(deadline.signal);
    } catch (error) {
      if (!deadline.expired) throw error;
      throw new TokenError('TOKEN_UNAVAILABLE', `${endpoint}: there was no token within ${timeoutMs} ms.`);
    } finally {
      deadline.end();
    }
  }
}

function refused(request: TransportRequest, { status, headers }: TransportResponse, token: IssuedToken): TokenError {
  const challenge = headers['www-authenticate'];
  // Cut only after the token is out: half a token would no longer be found.
  const said = challenge === undefined ? '' : ` The API says: ${token.hideIn(challenge).slice(0, 300)}`;
  const message = `${request.endpoint}: the API refused a token that was just issued.${said}`;
  return new TokenError('TOKEN_REFUSED', message, { status });
}
