import { createSignStash, type SignStash } from '@signstash-connect/core';
import type { Context } from '../context.ts';
import type { Inputs } from '../inputs/inputs.ts';
import { MaskingTokenStore } from '../masks.ts';
import type { Runner } from '../runner.ts';

/** Questions and logins are short; only what is sealed may take as long as the input allows. Milliseconds. */
const longestQuestion = 60_000;
const longestLogin = 30_000;

/** @throws `ConfigurationError` naming the setting that is wrong. */
export function client(inputs: Inputs, clientSecret: string, runner: Runner, { actionRef }: Context): SignStash {
  const { environment, clientId, credentialsEncoding, allowInsecureHttp, preservation, timeoutMs, retries } = inputs;
  return createSignStash({
    environment,
    clientId,
    clientSecret,
    credentialsEncoding,
    allowInsecureHttp,
    userAgent: `signstash-action/${actionRef || 'local'}`,
    tokenStore: new MaskingTokenStore(runner),
    // A second attempt of a job finds what the first one sealed.
    lookUpFirst: true,
    timeouts: {
      signMs: timeoutMs,
      lookupTimeoutMs: Math.min(timeoutMs, longestQuestion),
      tokenMs: Math.min(timeoutMs, longestLogin),
    },
    // Questions are always safe to repeat, and the answer to one may save a request.
    retry: { attempts: retries + 1, maxLookupAttempts: Math.max(1, retries * 2) },
    onWarning: ({ message }) => runner.warning(message),
    ...(preservation ? { preservation } : {}),
  });
}
