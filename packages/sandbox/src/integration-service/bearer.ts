import type { FastifyRequest } from 'fastify';
import { oauthErrors } from '../authorization-server/oauth-error.ts';
import type { TokenIssuer } from '../authorization-server/token-issuer.ts';

/** Refuses a call without a valid bearer token, before its body is read. */
export function bearerCheck(tokens: TokenIssuer) {
  return async (request: FastifyRequest): Promise<void> => {
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (!token) throw oauthErrors.noToken();
    await tokens.check(token);
  };
}
