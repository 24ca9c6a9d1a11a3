import type { RequestBody, Transport, TransportRequest, TransportResponse } from '@signstash-connect/core/client';
import { CredentialsError, isTokenRefused } from '@signstash-connect/core/client';
import type { IExecuteFunctions, IHttpRequestOptions, IN8nHttpFullResponse } from 'n8n-workflow';
import { nodeUserAgent } from '../helpers/credential.ts';
import { answerBesidesToken, lowerCase, requestFailure } from './request-failure.ts';

/** The part of n8n's execution context that the transport needs. */
export type RequestHost = Pick<IExecuteFunctions, 'helpers'>;

/** Sends core's requests through n8n, which adds the token, stores it encrypted, and renews it after a 401. */
export class N8nTransport implements Transport {
  readonly #host: RequestHost;
  readonly #credentialType: string;
  #firstRequest: Promise<TransportResponse> | undefined;
  #tokenStored = false;
  /** Hosts that have answered in this execution. */
  readonly #answered = new Set<string>();
  #refusal: CredentialsError | undefined;

  constructor(host: RequestHost, credentialType: string) {
    this.#host = host;
    this.#credentialType = credentialType;
  }

  /**
   * Until a token is stored, n8n would request one for each request, so the first request is sent alone and the others wait for
   * its token. Refused credentials are not tried again, which could lock the account.
   */
  async send(request: TransportRequest): Promise<TransportResponse> {
    while (!this.#tokenStored) {
      if (this.#refusal) throw this.#refusal;
      if (!this.#firstRequest) {
        this.#firstRequest = this.#attempt(request).finally(() => {
          this.#firstRequest = undefined;
        });
        return this.#firstRequest;
      }
      await this.#firstRequest.catch(() => {});
    }
    return this.#attempt(request);
  }

  async #attempt(request: TransportRequest): Promise<TransportResponse> {
    const options = await requestOptions(request);
    try {
      const first = await this.#request(options, 401);
      // The service may also reject a token with 409. It processed nothing then, so the request is replayed once.
      const answer = isTokenRefused(first) ? await this.#request(options, 409) : first;
      this.#tokenStored = true;
      this.#answered.add(new URL(request.url).host);
      return { ...answer, body: once(answer.bytes) };
    } catch (thrown) {
      const rejected = answerBesidesToken(thrown, request);
      if (rejected) return { ...rejected, body: once(new TextEncoder().encode(rejected.text)) };
      const failure = requestFailure(thrown, request, !this.#answered.has(new URL(request.url).host));
      if (failure instanceof CredentialsError) this.#refusal = failure;
      throw failure;
    }
  }

  /** @param expired - The status for which n8n renews the token and sends the request again. It is thrown, not returned. */
  async #request(options: IHttpRequestOptions, expired: 401 | 409) {
    const { statusCode, headers, body } = (await this.#host.helpers.httpRequestWithAuthentication.call(
      this.#host as IExecuteFunctions,
      this.#credentialType,
      { ...options, headers: { ...options.headers }, ignoreHttpStatusErrors: { ignore: true, except: [expired] } },
      { oauth2: { tokenExpiredStatusCode: expired } },
    )) as IN8nHttpFullResponse;
    const bytes = body as Uint8Array;
    const text = statusCode < 400 ? '' : new TextDecoder().decode(bytes);
    return { status: statusCode, headers: lowerCase(headers), text, bytes };
  }
}

async function requestOptions({
  method,
  url,
  headers,
  body,
  timeoutMs,
}: TransportRequest): Promise<IHttpRequestOptions> {
  return {
    ...{ method, url, timeout: timeoutMs },
    headers: { 'user-agent': nodeUserAgent, ...headers, ...(body ? { 'content-type': body.contentType } : {}) },
    // A Buffer, not a stream: n8n can only resend a Buffer after renewing the token.
    ...(body ? { body: await collect(body) } : {}),
    ...{ encoding: 'arraybuffer', returnFullResponse: true, disableFollowRedirect: true },
  };
}

async function collect(body: RequestBody): Promise<Buffer> {
  const whole = Buffer.allocUnsafe(body.contentLength);
  let at = 0;
  for await (const chunk of body.read()) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole.subarray(0, at);
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  if (bytes.byteLength > 0) yield bytes;
}
