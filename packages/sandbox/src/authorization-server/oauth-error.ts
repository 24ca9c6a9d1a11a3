/** An error in the format of Spring's OAuth (inferred, API reference, section 3). */
export class OAuthError extends Error {
  override name = 'OAuthError';
  readonly status: number;
  readonly error: string;
  readonly challenge: string | undefined;

  constructor(status: number, error: string, description: string, challenge?: string) {
    super(description);
    this.status = status;
    this.error = error;
    this.challenge = challenge;
  }

  toJSON() {
    return { error: this.error, error_description: this.message };
  }
}

const basicChallenge = 'Basic realm="oauth2/client"';
const noCredentials = 'Full authentication is required to access this resource';

export const oauthErrors = {
  badCredentials: () => new OAuthError(401, 'unauthorized', 'Bad credentials', basicChallenge),
  noCredentials: () => new OAuthError(401, 'unauthorized', noCredentials, basicChallenge),
  missingGrantType: () => new OAuthError(400, 'invalid_request', 'Missing grant type'),
  unsupportedGrantType: (grant: string) =>
    new OAuthError(400, 'unsupported_grant_type', `Unsupported grant type: ${grant}`),
  invalidScope: (scope: string) => new OAuthError(400, 'invalid_scope', `Invalid scope: ${scope}`),
  noToken: () => new OAuthError(401, 'unauthorized', noCredentials, 'Bearer error="unauthorized"'),
  /** Spring repeats the refused token in its description: clients must not log it unredacted. */
  invalidToken: (token: string) =>
    new OAuthError(401, 'invalid_token', `Invalid access token: ${token}`, 'Bearer error="invalid_token"'),
  expiredToken: (token: string) =>
    new OAuthError(401, 'invalid_token', `Access token expired: ${token}`, 'Bearer error="invalid_token"'),
};
