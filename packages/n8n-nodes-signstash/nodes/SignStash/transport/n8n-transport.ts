import type { RequestBody, Transport, TransportRequest, TransportResponse } from '@signstash-connect/core/client';
import { CredentialsError } from '@signstash-connect/core/client';
import type { IExecuteFunctions, IHttpRequestOptions, IN8nHttpFullResponse } from 'n8n-workflow';
import { nodeUserAgent } from '../helpers/credential.ts';
import { answerBesidesToken, requestFailure } from './request-failure.ts';

/** The part of n8n's execution context that the transport needs. */
export type RequestHost = Pick<IExecuteFunctions, 'helpers'>;

/** Sends core's requests through n8n, which adds the token, stores it encrypted, and renews it after a 401. */
export class N8nTransport implements Transport {
  readonly #host: RequestHost;
  readonly #credentialType: string;
  #firstRequest: Promise<TransportResponse> | undefined;
  #tokenStored = false;
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
      const answer = (await this.#host.helpers.httpRequestWithAuthentication.call(
        this.#host as IExecuteFunctions,
        this.#credentialType,
        options,
      )) as IN8nHttpFullResponse;
      this.#tokenStored = true;
      return { status: answer.statusCode, headers: headers(answer), body: once(answer.body as Uint8Array) };
    } catch (thrown) {
      const refused = answerBesidesToken(thrown, request);
      if (refused) return { ...refused, body: once(new TextEncoder().encode(refused.text)) };
      const failure = requestFailure(thrown, request);
      if (failure instanceof CredentialsError) this.#refusal = failure;
      throw failure;
    }
  }
}

async function requestOptions(request: TransportRequest): Promise<IHttpRequestOptions> {
  const { method, url, body, timeoutMs } = request;
  return {
    method,
    url,
    headers: { 'user-agent': nodeUserAgent, ...request.headers, ...(body ? { 'content-type': body.contentType } : {}) },
    // A Buffer, not a stream: n8n can only resend a Buffer after renewing the token.
    ...(body ? { body: await collect(body) } : {}),
    timeout: timeoutMs,
    encoding: 'arraybuffer',
    returnFullResponse: true,
    disableFollowRedirect: true,
    // Every status is an answer that core reads, but n8n renews the token only for a 401 that is thrown.
    ignoreHttpStatusErrors: { ignore: true, except: [401] },
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

const headers = (answer: IN8nHttpFullResponse): Record<string, string> =>
  Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name.toLowerCase(), String(value)]));

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  if (bytes.byteLength > 0) yield bytes;
}
