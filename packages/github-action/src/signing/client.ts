import { createSignStash, type SignStash } from '@signstash-connect/core';
import type { Context } from '../context.ts';
import type { Inputs } from '../inputs/inputs.ts';
import { MaskingTokenStore } from '../masks.ts';
import type { Runner } from '../runner.ts';

/** Only sign requests may take as long as the input allows. Milliseconds. */
const maxLookupMs = 60_000;
const maxLoginMs = 30_000;

/** @throws `ConfigurationError` naming the invalid setting. */
export function createClient(inputs: Inputs, clientSecret: string, runner: Runner, { actionRef }: Context): SignStash {
  const { environment, clientId, credentialsEncoding, allowInsecureHttp, preservation, timeoutMs, retries } = inputs;
  return createSignStash({
    environment,
    clientId,
    clientSecret,
    credentialsEncoding,
    allowInsecureHttp,
    userAgent: `signstash-action/${actionRef || 'local'}`,
    tokenStore: new MaskingTokenStore(runner),
    // A second attempt of a job retrieves what the first one signed.
    lookUpFirst: true,
    timeouts: {
      signMs: timeoutMs,
      lookupTimeoutMs: Math.min(timeoutMs, maxLookupMs),
      tokenMs: Math.min(timeoutMs, maxLoginMs),
    },
    // Look-ups are always safe to repeat, and may save a sign request.
    retry: { attempts: retries + 1, maxLookupAttempts: Math.max(1, retries * 2) },
    onWarning: ({ message }) => runner.warning(message),
    ...(preservation ? { preservation } : {}),
  });
}
