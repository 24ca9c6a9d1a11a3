import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { servicePaths } from '../endpoints.ts';
import type { SandboxState } from '../state.ts';
import { type Credentials, readBasic } from './basic-credentials.ts';
import { oauthErrors } from './oauth-error.ts';
import { scope } from './token-issuer.ts';

/** The token endpoint. */
export async function authorizationServer(app: FastifyInstance, { state }: { state: SandboxState }): Promise<void> {
  const { options, tokens, counts } = state;

  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async ({ entry }: FastifyRequest, body: string) => {
      if (entry) entry.bytes = Buffer.byteLength(body);
      return new URLSearchParams(body);
    },
  );

  app.post<{ Body: URLSearchParams | null }>(
    servicePaths.token,
    { config: { target: { endpoint: 'token', service: 'saas' } } },
    async (request, reply) => {
      const credentials = readBasic(request.headers.authorization, options.basicDecoding);
      if (!credentials) throw oauthErrors.noCredentials();
      if (!matches(credentials, options)) throw oauthErrors.badCredentials();
      checkGrant(request.body ?? new URLSearchParams(), new URL(request.url, 'http://localhost').searchParams);
      const answer = await tokens.issue(credentials.clientId);
      counts.tokensIssued += 1;
      return reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' }).send(answer);
    },
  );
}

function matches(given: Credentials, known: Credentials): boolean {
  return same(given.clientId, known.clientId) && same(given.clientSecret, known.clientSecret);
}

function same(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Servlets do not distinguish form and query parameters, and real clients use either. */
function checkGrant(form: URLSearchParams, query: URLSearchParams): void {
  const grant = form.get('grant_type') ?? query.get('grant_type');
  if (!grant) throw oauthErrors.missingGrantType();
  if (grant !== 'client_credentials') throw oauthErrors.unsupportedGrantType(grant);
  const unknown = (form.get('scope') ?? '').split(' ').find((name) => name && !scope.split(' ').includes(name));
  if (unknown) throw oauthErrors.invalidScope(unknown);
}
