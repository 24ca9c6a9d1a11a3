/**
 * Failures to connect: nothing of the request was sent. Codes of Node's resolver and sockets count only together
 * with the system call that failed, since an established connection may break with the same code.
 */
const connectCalls = new Set(['connect', 'getaddrinfo', 'getaddrinfo4', 'getaddrinfo6']);

/** undici's own, and OpenSSL's for a handshake that failed on our side, before any request data is sent. */
const unsentCodes = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_TLS_HANDSHAKE_TIMEOUT',
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_UNSUPPORTED_PROTOCOL',
  'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
  'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'CERT_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/**
 * Errors that only their message distinguishes: Node gives an interrupted TLS handshake the code of any broken connection, and
 * `fetch` refuses ports of other protocols (such as 6000) without any code.
 */
const unsentWords = /before secure TLS connection was established|^bad port$/;

interface SystemFailure extends Error {
  code?: unknown;
  syscall?: unknown;
}

/** Whether it is certain that no part of the request was sent. False if in doubt. */
export function surelyUnsent(error: unknown): boolean {
  return causes(error).some(
    ({ code, syscall, message }) =>
      (typeof syscall === 'string' && connectCalls.has(syscall)) ||
      (typeof code === 'string' && unsentCodes.has(code)) ||
      unsentWords.test(message),
  );
}

/** Whether `fetch` refused to follow a redirect, as requested; that error has no code. */
export function wasRedirected(error: unknown): boolean {
  return causes(error).some(({ message }) => message === 'unexpected redirect');
}

/** What the codes of Node's resolver and sockets mean; every other code of {@link unsentCodes} is a failure of TLS. */
const connectFailures: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the host name does not exist',
  EAI_AGAIN: 'the DNS server does not answer',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection closed by the other side',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'no answer from the host',
  UND_ERR_CONNECT_TIMEOUT: 'no answer from the host',
};

/** What happened, with the cause and the system's code. Quotes nothing that could contain a header. */
export function describeFailure(error: unknown): string {
  const unsent = surelyUnsent(error);
  const what = unsent ? 'no connection could be made' : 'the connection broke';
  const code = causes(error).findLast((cause) => typeof cause.code === 'string')?.code;
  if (typeof code !== 'string') return what;
  if (!unsent) return `${what} (${code})`;
  const cause = connectFailures[code] ?? (unsentCodes.has(code) ? 'TLS failed' : undefined);
  return cause === undefined ? `${what} (${code})` : `${what}: ${cause} (${code})`;
}

/** Host and port, the default port included. */
export function hostAndPort(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === 'http:' ? 80 : 443)}`;
}

/** The error and its causes, outermost first; a connection tried on several addresses has several. */
function causes(error: unknown): SystemFailure[] {
  const found: SystemFailure[] = [];
  const visit = (value: unknown, depth: number) => {
    if (!(value instanceof Error) || depth > 5) return;
    found.push(value);
    if (value instanceof AggregateError) for (const inner of value.errors) visit(inner, depth + 1);
    visit(value.cause, depth + 1);
  };
  visit(error, 0);
  return found;
}
