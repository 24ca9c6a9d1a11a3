import { tracingChannel } from 'node:diagnostics_channel';
import { debuglog } from 'node:util';
import { isSignStashError } from './errors/errors.ts';
import { redact } from './errors/redact.ts';
import type { Logger, TraceChannel, Tracing } from './signing/hooks.ts';

/** The tracing channels of `diagnostics_channel`: `signstash:token`, `signstash:request` and `signstash:sign`. */
const channels = {
  token: tracingChannel('signstash:token'),
  request: tracingChannel('signstash:request'),
  sign: tracingChannel('signstash:sign'),
};

/** Publishes on the tracing channels of Node, where monitoring tools subscribe. */
export const nodeTracing = (secrets: readonly string[]): Tracing => ({
  isEnabled: (channel) => channels[channel].hasSubscribers,
  async trace<R>(channel: TraceChannel, context: object, work: () => Promise<R>): Promise<R> {
    let outcome: { value: R } | { error: unknown } | undefined;
    const traced = channels[channel].tracePromise(async () => {
      try {
        // Not returned: the value may contain a token, and subscribers would receive it.
        outcome = { value: await work() };
      } catch (problem) {
        outcome = { error: problem };
        throw redactedError(problem, secrets);
      }
    }, context);
    await traced.catch(() => {});
    const settled = outcome as { value: R } | { error: unknown };
    if ('error' in settled) throw settled.error;
    return settled.value;
  },
});

/** The error that subscribers receive: no cause, content or stack of the original. */
function redactedError(problem: unknown, secrets: readonly string[]): Error {
  const message = problem instanceof Error ? problem.message : String(problem);
  const error = new Error(redact(message, secrets));
  if (!isSignStashError(problem)) return error;
  return Object.assign(error, { name: problem.name, code: problem.code });
}

/** Logs to stderr if the environment variable `NODE_DEBUG` contains `signstash`. */
export function debugLoggers(): Logger[] {
  const log = debuglog('signstash');
  if (!log.enabled) return [];
  const write = (level: string) => (message: string) => log('%s %s', level, message.replace(/^signstash: /, ''));
  return [{ debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }];
}
