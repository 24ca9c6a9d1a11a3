import { randomBytes, randomUUID } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { ResolvedOptions } from '../options.ts';
import { apiErrors } from '../wire/api-error.ts';
import { oauthErrors } from './oauth-error.ts';

export interface TokenAnswer {
  access_token: string;
  token_type: 'bearer';
  expires_in: number;
  scope: string;
  jti: string;
}

export const scope = 'read write';

/** Issues bearer tokens and knows which of them are still valid. */
export class TokenIssuer {
  readonly #key = randomBytes(32);
  readonly #lifetimeSeconds: number;
  /** When each token expires, in epoch milliseconds. */
  readonly #ends = new Map<string, number>();

  readonly #refusal: ResolvedOptions['refusedToken'];

  constructor({ tokenLifetimeSeconds, refusedToken }: Pick<ResolvedOptions, 'tokenLifetimeSeconds' | 'refusedToken'>) {
    this.#lifetimeSeconds = tokenLifetimeSeconds;
    this.#refusal = refusedToken;
  }

  async issue(clientId: string): Promise<TokenAnswer> {
    const jti = randomUUID();
    const ends = Date.now() + this.#lifetimeSeconds * 1000;
    const claims = { scope: scope.split(' '), client_id: clientId, aud: ['einvoice-integration-ws'], jti };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setExpirationTime(Math.ceil(ends / 1000))
      .sign(this.#key);
    this.#forgetEnded();
    this.#ends.set(jti, ends);
    const expiresIn = Math.floor(this.#lifetimeSeconds);
    return { access_token: token, token_type: 'bearer', expires_in: expiresIn, scope, jti };
  }

  /** Throws the error for a refused token: Spring's, or the service's own. */
  async check(token: string): Promise<void> {
    try {
      const ends = this.#ends.get(await this.#jtiOf(token));
      if (ends === undefined) throw oauthErrors.invalidToken(token);
      if (ends <= Date.now()) throw oauthErrors.expiredToken(token);
    } catch (error) {
      throw this.#refusal === '409' ? apiErrors.refusedToken() : error;
    }
  }

  /** Every token issued so far is refused as expired. */
  expireAll(): void {
    for (const jti of this.#ends.keys()) this.#ends.set(jti, 0);
  }

  forgetAll(): void {
    this.#ends.clear();
  }

  async #jtiOf(token: string): Promise<string> {
    try {
      return (await jwtVerify(token, this.#key)).payload.jti ?? '';
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw oauthErrors.expiredToken(token);
      throw oauthErrors.invalidToken(token);
    }
  }

  #forgetEnded(): void {
    if (this.#ends.size < 1000) return;
    for (const [jti, ends] of this.#ends) if (ends <= Date.now()) this.#ends.delete(jti);
  }
}
