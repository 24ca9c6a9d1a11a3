import { type OAuthError, oauthErrors } from '../authorization-server/oauth-error.ts';
import { ApiError, apiErrors, describeErrorCode } from '../wire/api-error.ts';
import type { TransportFault } from './fault.ts';
import type { FaultTarget } from './fault-queue.ts';

/** An answer that replaces the real one. */
export interface FaultAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** The page of a gateway. */
export function gatewayPage(status: number, title: string): FaultAnswer {
  const body = `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body>\r\n<center><h1>${status} ${title}</h1></center>\r\n<hr><center>gateway</center>\r\n</body>\r\n</html>\r\n`;
  return { status, headers: { 'content-type': 'text/html' }, body };
}

/** The answer that a fault sends; undefined if it sends none. */
export function faultAnswer(fault: TransportFault, { endpoint }: FaultTarget): FaultAnswer | undefined {
  switch (fault.kind) {
    case 'latency':
    case 'drop':
    case 'truncate':
    case 'quota':
      return undefined;
    case 'unauthorized':
      return oauthAnswer(endpoint === 'token' ? oauthErrors.badCredentials() : oauthErrors.invalidToken('(fault)'));
    case 'token-conflict':
      return errorAnswer(apiErrors.refusedToken());
    case 'licence':
      return errorAnswer(apiErrors.licence(fault.errorCode ?? '1.1.1'));
    case 'rate-limit': {
      // The authorization server documents no such answer, so a gateway limits the rate there.
      const answer =
        endpoint === 'token' ? gatewayPage(429, 'Too Many Requests') : errorAnswer(apiErrors.tooManyRequests());
      return withRetryAfter(answer, fault.retryAfterSeconds);
    }
    case 'server-error': {
      const answer = errorAnswer(
        new ApiError(fault.status ?? 500, '0.0.1', 'Unhandled error.', 'The sandbox was set to fail'),
      );
      return withRetryAfter(answer, fault.retryAfterSeconds);
    }
    case 'html':
      return gatewayPage(fault.status ?? 503, 'Service Temporarily Unavailable');
    case 'empty':
      return { status: fault.status ?? 200, headers: {}, body: '' };
    case 'reject': {
      const { status, errorCode = '0.0.6', causeMessage = 'The sandbox was set to refuse this request' } = fault;
      const described = describeErrorCode(errorCode ?? '0.0.6');
      const description = fault.errorCodeDescription ?? described.description;
      return errorAnswer(new ApiError(status ?? 500, errorCode, description, causeMessage));
    }
  }
}

export function oauthAnswer(error: OAuthError): FaultAnswer {
  const headers: Record<string, string> = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  if (error.challenge) headers['www-authenticate'] = error.challenge;
  return { status: error.status, headers, body: JSON.stringify(error) };
}

export const errorAnswer = (error: ApiError): FaultAnswer => ({
  status: error.status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(error),
});

export function withRetryAfter(answer: FaultAnswer, seconds: number | undefined): FaultAnswer {
  if (seconds === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, 'retry-after': String(seconds) } };
}
