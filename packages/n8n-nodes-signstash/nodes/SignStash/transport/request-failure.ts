import {
  AbortedError,
  ConfigurationError,
  CredentialsError,
  describeFailure,
  type FailedAnswer,
  hostAndPort,
  isTokenRefused,
  NetworkError,
  redact,
  type SignStashError,
  surelyUnsent,
  TimeoutError,
  TokenError,
  type TransportRequest,
} from '@signstash-connect/core/client';

/** The parts that are read here of what n8n's HTTP client and OAuth2 client throw. */
interface HostFailure extends Error {
  code?: unknown;
  isAxiosError?: unknown;
  config?: { url?: unknown };
  response?: { status?: unknown; data?: unknown; headers?: Record<string, unknown> };
  /** Status and answer of the token endpoint. */
  status?: unknown;
  body?: unknown;
}

/** Headers by lower-case name. */
export const lowerCase = (headers: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));

/**
 * The answer behind a thrown 401 or 409 that says nothing about the token, such as an inactive licence: core reads it like any
 * other. Undefined if it does refuse the token, or if the authorization server gave it.
 */
export function answerBesidesToken(thrown: unknown, { url }: TransportRequest): FailedAnswer | undefined {
  const http = chain(thrown).find((failure) => failure.isAxiosError === true);
  const { status, data, headers = {} } = http?.response ?? {};
  if (http?.config?.url !== url || typeof status !== 'number' || !(data instanceof Uint8Array)) return undefined;
  const answer = { status, headers: lowerCase(headers), text: new TextDecoder().decode(data) };
  return isTokenRefused(answer) ? undefined : answer;
}

/**
 * Turns what n8n threw into core's errors. Whether the request was sent decides if a document may have been signed.
 *
 * @param neverAnswered - Whether this execution has had no answer from the host: then core retries for a short time only.
 */
export function requestFailure(
  thrown: unknown,
  { endpoint, url, timeoutMs }: TransportRequest,
  neverAnswered = false,
): SignStashError {
  const failures = chain(thrown);
  const where = `${endpoint} at ${hostAndPort(url)}`;
  const http = failures.find((failure) => failure.isAxiosError === true);
  const tokenFailure = failures.find((failure) => failure.code === 'EAUTH' || failure.code === 'ESTATUS');
  if (tokenFailure) return tokenRefusal(tokenFailure);
  if (http && http.config?.url !== url) return tokenUnavailable(http);
  if (typeof http?.response?.status === 'number') {
    const { status } = http.response;
    return new TokenError('TOKEN_REFUSED', `${where}: the API refused a token that was just issued.`, { status });
  }
  if (!http) {
    // Not from the network: n8n itself refused to send, for example by its list of allowed domains.
    const message = `${where}: n8n did not send the request. ${failures[0]?.message ?? ''}`;
    return new ConfigurationError('CONFIGURATION_INVALID', 'credential', message, {
      hint: 'Read what n8n says and correct the credential or the settings of this n8n.',
    });
  }
  if (http.code === 'ERR_CANCELED') return new AbortedError(`${where}: the execution was stopped.`);
  if (surelyUnsent(http)) {
    const message = `${where}: ${describeFailure(http)}.`;
    return new NetworkError('NETWORK_UNREACHABLE', message, { cause: http, neverAnswered });
  }
  if (/^timeout/.test(http.message)) {
    return new TimeoutError(`${where}: no complete answer within ${timeoutMs} ms.`, { cause: http });
  }
  return new NetworkError('NETWORK_INTERRUPTED', `${where}: ${describeFailure(http)}.`, { cause: http });
}

/** The authorization server answered, but issued no token. */
function tokenRefusal({ code, status, body, message }: HostFailure): SignStashError {
  const { error } = (body ?? {}) as { error?: unknown };
  const isRefused = code === 'EAUTH' ? error !== 'server_error' : status === 401 || status === 403;
  const details = typeof status === 'number' ? { status } : {};
  const reason = redact(message.slice(0, 300));
  return isRefused
    ? new CredentialsError(`The authorization server refused the client id and secret: ${reason}`, details)
    : new TokenError('TOKEN_UNAVAILABLE', `The authorization server issued no token: ${reason}`, details);
}

/** The authorization server was not reached, or failed. */
function tokenUnavailable(cause: HostFailure): TokenError {
  const { status } = cause.response ?? {};
  const reason = typeof status === 'number' ? `it answered ${status}` : describeFailure(cause);
  const { url } = cause.config ?? {};
  const where = typeof url === 'string' && URL.canParse(url) ? ` at ${hostAndPort(url)}` : '';
  return new TokenError('TOKEN_UNAVAILABLE', `The authorization server${where} issued no token: ${reason}.`, { cause });
}

/** n8n wraps what was thrown, once or twice: outermost first. */
function chain(thrown: unknown): HostFailure[] {
  const found: HostFailure[] = [];
  for (let at = thrown; at instanceof Error && found.length < 8; at = at.cause) found.push(at);
  return found;
}
