import type { AuthorizationServer, Client } from 'oauth4webapi';
import { parseRetryAfter } from '../api/response/service-error.ts';
import { visibleText } from '../api/response/web-page.ts';
import { CredentialsError, TokenError } from '../errors/errors.ts';
import { IssuedToken } from './issued-token.ts';

/**
 * How long a token is believed where the server does not say. Inferred: the documented answer always has `expires_in`; five
 * minutes is far below any usual life, and too short only costs a few token requests.
 */
export const lifeWithoutExpiresInSeconds = 300;

/** The result of one token request. */
export type TokenOutcome =
  | { readonly token: IssuedToken }
  /** `passing`: the failure is temporary and the same request may succeed later, after `retryAfterMs` if the server sent one. */
  | { readonly error: CredentialsError | TokenError; readonly passing: boolean; readonly retryAfterMs?: number };

export interface TokenAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** When the request left, in milliseconds since the epoch: the token may have been issued as early as that. */
  readonly askedAt: number;
}

export interface TokenAnswerContext {
  readonly server: AuthorizationServer;
  readonly client: Client;
  /** The server may echo what it was sent. */
  readonly hideSecrets: (text: string) => string;
}

/** Sorts an answer of the token endpoint: a token, a permanent refusal, or a temporary failure. */
export async function readTokenAnswer(answer: TokenAnswer, context: TokenAnswerContext): Promise<TokenOutcome> {
  const { status } = answer;
  if (status === 200) return readToken(answer, context);
  const said = quote(answer, context.hideSecrets);
  // 400 and 401 refuse the credentials whatever the body looks like: a gateway may answer in the server's place. A 403 does so
  // only where it speaks OAuth; else it is a firewall's.
  if (status === 400 || status === 401 || (status === 403 && said.oauthError !== undefined)) {
    const message = `The authorization server refused the clientId and clientSecret (${status}${said.text}).`;
    const hint = hintFor(said.oauthError);
    return { error: new CredentialsError(message, { status, ...(hint ? { hint } : {}) }), passing: false };
  }
  const passing = status === 408 || status === 429 || status >= 500;
  const unavailable = (what: string) => new TokenError('TOKEN_UNAVAILABLE', what, { status });
  if (status >= 300 && status < 400) {
    const what = `The token URL answered ${status}, a redirect: it is not the token endpoint itself.`;
    return { error: unavailable(what), passing };
  }
  const error = unavailable(`The authorization server gave no token (${status}${said.text}).`);
  const retryAfterSeconds = parseRetryAfter(answer.headers.get('retry-after') ?? undefined, answer.askedAt);
  return { error, passing, ...(retryAfterSeconds === undefined ? {} : { retryAfterMs: retryAfterSeconds * 1000 }) };
}

async function readToken({ text, headers, askedAt }: TokenAnswer, context: TokenAnswerContext): Promise<TokenOutcome> {
  const unusable = (why: string, cause?: unknown): TokenOutcome => {
    const message = `The authorization server's answer is not a usable token: ${context.hideSecrets(why)}.`;
    return { error: new TokenError('TOKEN_UNAVAILABLE', message, { status: 200, cause }), passing: false };
  };
  if (text.trim() === '') return unusable('it is empty');
  if (text.trimStart().startsWith('<')) return unusable('it is a web page; check the token URL');
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may hold half a token.
    return unusable(/^\s*\{/.test(text) ? 'its JSON is damaged or cut short' : 'it is not JSON');
  }
  try {
    const { processClientCredentialsResponse } = await import('oauth4webapi');
    // The content type is ignored: the text has just been parsed.
    const token = await processClientCredentialsResponse(
      context.server,
      context.client,
      new Response(JSON.stringify(tolerant(fields)), {
        headers: { ...Object.fromEntries(headers), 'content-type': 'application/json' },
      }),
    );
    const { access_token: accessToken, token_type: type, expires_in: expiresIn } = token;
    if (type !== 'bearer') return unusable(`its token_type is ${type}`);
    if (!IssuedToken.isSendable(accessToken)) return unusable('its access_token holds characters no header can carry');
    const life = (expiresIn ?? lifeWithoutExpiresInSeconds) * 1000;
    return { token: new IssuedToken({ accessToken, issuedAt: askedAt, expiresAt: askedAt + life }) };
  } catch (problem) {
    return unusable(problem instanceof Error ? problem.message : 'it is not what OAuth 2 describes');
  }
}

/** Deviations from OAuth 2 that some servers send: nulls, a list of scopes, no token type, a number as text. Inferred. */
function tolerant(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return answer;
  const fields = Object.fromEntries(Object.entries(answer).filter(([, value]) => value !== null));
  const { scope, expires_in: expiresIn } = fields;
  return {
    ...fields,
    token_type: fields.token_type ?? 'bearer',
    ...(Array.isArray(scope) ? { scope: scope.join(' ') } : {}),
    ...(typeof expiresIn === 'string' && /^\d+$/.test(expiresIn) ? { expires_in: Number(expiresIn) } : {}),
  };
}

interface Said {
  readonly oauthError?: string;
  /** Ready to follow a status, such as ` invalid_client: Bad credentials`. */
  readonly text: string;
}

/** What the server says, short and without secrets. */
function quote({ text }: TokenAnswer, hideSecrets: (text: string) => string): Said {
  // Secrets are removed first: the steps below could split one so that it would no longer be found.
  const clean = (value: string) => hideSecrets(value).replace(/\s+/g, ' ').trim().slice(0, 200);
  try {
    const { error, error_description: description } = JSON.parse(text) as Record<string, unknown>;
    if (typeof error !== 'string') return { text: '' };
    const oauthError = clean(error);
    return { oauthError, text: ` ${oauthError}${typeof description === 'string' ? `: ${clean(description)}` : ''}` };
  } catch {
    const page = clean(visibleText(hideSecrets(text)));
    return { text: page === '' ? '' : `, a page saying "${page}"` };
  }
}

/** The code's own hint blames the credentials; these two errors have another cause. */
function hintFor(oauthError: string | undefined): string | undefined {
  if (oauthError === 'invalid_scope')
    return 'Correct the scope setting: the authorization server does not grant it to this client.';
  if (oauthError === 'unsupported_grant_type' || oauthError === 'unauthorized_client')
    return "Ask your Sign'Stash operator to allow the client_credentials grant for this client service.";
  return undefined;
}
