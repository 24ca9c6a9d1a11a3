import { describe, errorBody, isTokenRefused } from '../api/response/service-error.ts';
import type { IssuedToken } from '../auth/issued-token.ts';
import type { TokenSource } from '../auth/token-manager.ts';
import { TokenError } from '../errors/errors.ts';
import type { RetryEvent } from '../signing/hooks.ts';
import type { Transport, TransportRequest, TransportResponse } from '../signing/transport.ts';
import { Deadline } from '../utils/deadline.ts';

/** How much of a failed answer is read to see whether it refuses the token. Bytes. */
const peekBytes = 16 * 1024;

/**
 * Adds the token to each request. If the API refuses it, the request is replayed once with a new one (API reference, section 3,
 * step 5 or 6); it was not processed, so nothing can be signed twice by that.
 */
export class AuthorizedTransport implements Transport {
  readonly #transport: Transport;
  readonly #tokens: TokenSource;
  readonly #onRetry: ((event: RetryEvent) => void) | undefined;

  constructor(transport: Transport, tokens: TokenSource, onRetry?: (event: RetryEvent) => void) {
    this.#transport = transport;
    this.#tokens = tokens;
    this.#onRetry = onRetry;
  }

  /**
   * `timeoutMs` holds for each of its steps: waiting for a token, sending, and the one replay.
   *
   * @throws {@link TokenError} `TOKEN_REFUSED` if the API refuses the new token, too.
   */
  async send(request: TransportRequest): Promise<TransportResponse> {
    const token = await this.#token(request);
    const first = await this.#sendWith(token, request);
    if (!first.refused) return first.response;
    this.#tokens.invalidate(token);
    const call = request.endpoint.startsWith('sign') ? 'sign' : 'read';
    const message = `${request.endpoint}: the API refused the token`;
    this.#onRetry?.({ call, attempt: 1, delayMs: 0, code: 'TOKEN_REFUSED', message });
    const newToken = await this.#token(request);
    const replayed = await this.#sendWith(newToken, request);
    if (!replayed.refused) return replayed.response;
    throw tokenRefused(request, replayed.response, replayed.text, newToken);
  }

  async #sendWith(token: IssuedToken, request: TransportRequest): Promise<SentOnce> {
    const headers = { ...request.headers, authorization: token.authorization() };
    const answer = await this.#transport.send({ ...request, headers });
    const response: TransportResponse = { ...answer, removeSecrets: (text) => token.removeFrom(text) };
    if (response.status < 400) return { response, refused: false };
    const { text, body, cancel } = await peek(response.body);
    if (!isTokenRefused({ ...response, text })) return { response: { ...response, body }, refused: false };
    await cancel();
    return { response, refused: true, text };
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

type SentOnce =
  | { readonly response: TransportResponse; readonly refused: false }
  | { readonly response: TransportResponse; readonly refused: true; readonly text: string };

/** Reads the beginning of a body. Its whole can still be read afterwards, or the rest be given up. */
async function peek(body: AsyncIterable<Uint8Array>) {
  const chunks: Uint8Array[] = [];
  const iterator = body[Symbol.asyncIterator]();
  let size = 0;
  let ended = false;
  while (!ended && size < peekBytes) {
    const { done = false, value } = await iterator.next();
    ended = done;
    if (value === undefined) continue;
    chunks.push(value);
    size += value.byteLength;
  }
  const decoder = new TextDecoder();
  return {
    text: chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join(''),
    body: (async function* () {
      try {
        yield* chunks;
        while (!ended) {
          const { done = false, value } = await iterator.next();
          ended = done;
          if (value !== undefined) yield value;
        }
      } finally {
        if (!ended) await iterator.return?.();
      }
    })(),
    cancel: async () => {
      if (!ended) await iterator.return?.();
    },
  };
}

function tokenRefused(
  request: TransportRequest,
  answer: TransportResponse,
  text: string,
  token: IssuedToken,
): TokenError {
  const { status, headers } = answer;
  const challenge = headers['www-authenticate'];
  const said = challenge === undefined ? describe(errorBody({ status, headers, text }), text) : `, ${challenge}`;
  // Truncated only after the token is removed: part of a token would no longer be found.
  const quoted = token.hideIn(said).slice(0, 300);
  const message = `${request.endpoint}: the API refused a token that was just issued (${status}${quoted}).`;
  return new TokenError('TOKEN_REFUSED', message, { status });
}
