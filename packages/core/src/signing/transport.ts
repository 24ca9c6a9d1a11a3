import type { EndpointName } from '../api/endpoints.ts';

/** A request body whose length is known before it is read, and which can be read again for a retry. */
export interface RequestBody {
  readonly contentType: string;
  /** Bytes; always sent as Content-Length, since gateways refuse chunked uploads. */
  readonly contentLength: number;
  /** Reads the body from its start; every call starts again from the beginning. */
  read(): AsyncIterable<Uint8Array>;
}

export interface TransportRequest {
  /** Which call this is, for errors and measurements. */
  readonly endpoint: EndpointName;
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** Milliseconds for the whole attempt, the answer's last byte included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface TransportResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The answer's bytes; may be read once. Fails with `NetworkError`, `TimeoutError` or `AbortedError` if it is interrupted. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Removes the credentials of the request from a text of the answer, which may quote them. */
  readonly removeSecrets?: (text: string) => string;
}

/**
 * Carries one authorised request. It never retries, except for one replay after a refused token, and it throws only
 * `NetworkError`, `TimeoutError`, `AbortedError`, `CredentialsError`, `TokenError`, and `ProtocolError` for a redirect; every other
 * HTTP status is an answer.
 */
export interface Transport {
  send(request: TransportRequest): Promise<TransportResponse>;
}
