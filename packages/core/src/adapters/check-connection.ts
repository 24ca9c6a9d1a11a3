import type { Operation } from '../api/response/operation.ts';
import { isSignStashError } from '../errors/errors.ts';
import type { CallOptions } from '../signing/service-calls.ts';
import { type DescribeErrorOptions, describeError, type ErrorDescription } from './describe-error.ts';

/** The part of a client that the check uses. */
export interface CheckedClient {
  readonly operations: { getByReference(reference: string, options?: CallOptions): Promise<Operation> };
}

/** Sends one request without credentials and returns the status and date of the answer; throws if there is no answer. */
export type Probe = (
  url: string,
  signal: AbortSignal | undefined,
) => Promise<{ status: number; date?: string | undefined }>;

export interface CheckConnectionOptions extends DescribeErrorOptions {
  signal?: AbortSignal;
  /** Milliseconds for each look-up. Default: the client's own. */
  timeoutMs?: number;
  /** Checks whether an address answers; without it, clock and proxy are not checked. In Node: `httpProbe`. */
  probe?: Probe;
  /** Base URL of the API, whose clock is compared. */
  apiUrl?: string;
  /** On-premise proxy through which documents are signed, if there is one. */
  proxyUrl?: string;
  /** External reference of a recently signed document: only an operation reports how much of the quota is used. */
  recentReference?: string;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  now?: () => number;
}

export type ConnectionStepName = 'token' | 'api' | 'proxy' | 'clock' | 'quota';

export interface ConnectionStep {
  step: ConnectionStepName;
  /** `unknown`: it could not be checked, see {@link detail}. */
  status: 'ok' | 'failed' | 'unknown';
  detail: string;
  /** What to do about a failure. */
  hint?: string;
  /** Code of the error behind a failure. */
  code?: string;
}

export interface ConnectionReport {
  /** True if no step failed. Steps that could not be checked do not count. */
  ok: boolean;
  /** The first step that failed. */
  failedStep?: ConnectionStepName;
  /** In the order in which they were checked. */
  steps: ConnectionStep[];
}

/** With a larger clock difference, tokens and timestamps may be refused. Milliseconds. */
const maxSkewMs = 5 * 60_000;

/**
 * Checks whether documents could be signed now: obtains a token, asks the API for a document that does not exist, checks
 * whether the proxy answers, and compares clocks. Nothing is signed and nothing counts against the quota. Never throws, except for an
 * aborted signal.
 */
export async function checkConnection(
  client: CheckedClient,
  options: CheckConnectionOptions = {},
): Promise<ConnectionReport> {
  const { signal } = options;
  const steps: ConnectionStep[] = await checkTokenAndApi(client, options);
  stopIfAborted(signal);
  if (options.proxyUrl !== undefined) steps.push(await checkProxy(options.proxyUrl, options));
  steps.push(await checkClock(options));
  if (!steps.some(({ step }) => step === 'quota')) steps.push(await checkQuota(client, options, steps));
  const failed = steps.find(({ status }) => status === 'failed');
  return { ok: failed === undefined, ...(failed ? { failedStep: failed.step } : {}), steps };
}

/** `AbortSignal.throwIfAborted`, which some hosts lack. */
function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw signal.reason;
}

/** A reference that no document has. */
const absentReference = () => `connection-check-${Math.random().toString(36).slice(2, 12)}`;

async function checkTokenAndApi(client: CheckedClient, options: CheckConnectionOptions): Promise<ConnectionStep[]> {
  const token: ConnectionStep = { step: 'token', status: 'ok', detail: 'The authorization server issued a token.' };
  const api: ConnectionStep = { step: 'api', status: 'ok', detail: 'The API accepted the token and answered.' };
  try {
    await client.operations.getByReference(absentReference(), calling(options));
    return [token, api];
  } catch (error) {
    stopIfAborted(options.signal);
    const described = describeError(error, options);
    switch (described.code) {
      case 'NOT_FOUND':
        return [token, api];
      case 'CREDENTIALS_REFUSED':
      case 'TOKEN_UNAVAILABLE':
        return [failure('token', described), unknown('api', 'Not checked: there is no token.')];
      case 'QUOTA_EXCEEDED':
        return [token, api, failure('quota', described)];
      case 'CONFIGURATION_MISSING':
        // Only a proxy is configured, which does not support queries.
        if ((error as { setting?: string }).setting?.includes('apiUrl')) {
          const why = `Not checked: ${options.nameOf?.('apiUrl') ?? 'the API URL'} is not set, and the proxy does not support queries.`;
          return [unknown('token', why), unknown('api', why)];
        }
        return [failure('token', described), unknown('api', 'Not checked.')];
      default:
        // A token comes first: any answer of the API, even a refusal, shows that there was one.
        return isSignStashError(error) && error.status !== undefined
          ? [token, failure('api', described)]
          : [unknown('token', 'Not checked separately: see the failure of the API.'), failure('api', described)];
    }
  }
}

async function checkProxy(url: string, options: CheckConnectionOptions): Promise<ConnectionStep> {
  if (!options.probe) return unknown('proxy', 'Not checked: look-ups go to the service, only signing uses the proxy.');
  try {
    const { status } = await options.probe(url, options.signal);
    if (status < 500) return { step: 'proxy', status: 'ok', detail: `The proxy answers (HTTP ${status}).` };
    const name = options.nameOf?.('proxyUrl') ?? 'the proxy';
    const detail = `The proxy answers with an error (HTTP ${status}): documents cannot be signed.`;
    return {
      step: 'proxy',
      status: 'failed',
      detail,
      hint: `Check the service at ${name}.`,
      code: 'SERVICE_UNAVAILABLE',
    };
  } catch (error) {
    stopIfAborted(options.signal);
    const { detail } = describeError(error, options);
    const hint = `Check ${options.nameOf?.('proxyUrl') ?? 'the address of the proxy'} and that the proxy is running.`;
    const what = `The proxy does not answer: documents cannot be signed. ${detail}`;
    return { step: 'proxy', status: 'failed', detail: what, hint, code: 'NETWORK_UNREACHABLE' };
  }
}

async function checkClock({ probe, apiUrl, signal, now = Date.now }: CheckConnectionOptions): Promise<ConnectionStep> {
  if (!probe || apiUrl === undefined) return unknown('clock', 'Not checked.');
  try {
    const { date } = await probe(apiUrl, signal);
    const served = date === undefined ? Number.NaN : Date.parse(date);
    if (Number.isNaN(served)) return unknown('clock', 'The server sent no date.');
    const skew = now() - served;
    const seconds = Math.round(Math.abs(skew) / 1000);
    if (Math.abs(skew) <= maxSkewMs)
      return { step: 'clock', status: 'ok', detail: `The clocks differ by ${seconds} s.` };
    const detail = `This machine's clock is ${seconds} s ${skew > 0 ? 'ahead of' : 'behind'} the server's.`;
    return {
      step: 'clock',
      status: 'failed',
      detail,
      hint: 'Set the clock of this machine, for example by NTP.',
      code: 'CLOCK_SKEW',
    };
  } catch {
    stopIfAborted(signal);
    return unknown('clock', 'The date of the server could not be requested.');
  }
}

async function checkQuota(client: CheckedClient, options: CheckConnectionOptions, steps: readonly ConnectionStep[]) {
  const { recentReference } = options;
  if (steps.some(({ step, status }) => step === 'api' && status !== 'ok')) return unknown('quota', 'Not checked.');
  if (recentReference === undefined) {
    return unknown('quota', 'The used quota is known only from a signed document, and none was given.');
  }
  try {
    const { quota } = await client.operations.getByReference(recentReference, calling(options));
    if (quota?.limit === undefined || quota.used === undefined) {
      return unknown('quota', 'The service reports no quota: the contract has no limit, or does not show it.');
    }
    const detail = `${quota.used} of ${quota.limit} signatures were used when the service last counted (once a day).`;
    if (quota.used < quota.limit) return { step: 'quota', status: 'ok', detail } satisfies ConnectionStep;
    const hint = "Ask your Sign'Stash operator to raise the quota.";
    return { step: 'quota', status: 'failed', detail, hint, code: 'QUOTA_EXCEEDED' } satisfies ConnectionStep;
  } catch (error) {
    stopIfAborted(options.signal);
    const described = describeError(error, options);
    return described.code === 'QUOTA_EXCEEDED' ? failure('quota', described) : unknown('quota', described.detail);
  }
}

const calling = ({ signal, timeoutMs }: CheckConnectionOptions): CallOptions => ({ signal, timeoutMs });

const unknown = (step: ConnectionStepName, detail: string): ConnectionStep => ({ step, status: 'unknown', detail });

const failure = (step: ConnectionStepName, { detail, hint, code }: ErrorDescription): ConnectionStep => ({
  step,
  status: 'failed',
  detail,
  hint,
  code,
});
