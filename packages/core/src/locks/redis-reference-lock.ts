import { createHash, randomUUID } from 'node:crypto';
import { raceTimeout } from '../utils/abort.ts';
import { type Clock, systemClock } from '../utils/clock.ts';
import type { ReferenceLease, ReferenceLock } from './reference-lock.ts';

/** A Redis client: ioredis (`call`), node-redis (`sendCommand`), or a function that sends one command. */
export type RedisClient =
  | { call(command: string, ...args: string[]): Promise<unknown> }
  | { sendCommand(args: string[]): Promise<unknown> }
  | ((args: readonly string[]) => Promise<unknown>);

export interface RedisReferenceLockOptions {
  /** Stays the application's: the lock never closes it. */
  readonly client: RedisClient;
  /** Prefix of all keys. Default `signstash:lock:`. */
  readonly prefix?: string | undefined;
  /** Lifetime of a lease without renewal. It is renewed at a third of it. Milliseconds. Default 30,000. */
  readonly leaseMs?: number | undefined;
  /** After this long without an answer, Redis counts as unreachable. Milliseconds. Default 2,000. */
  readonly timeoutMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/** Both change a lease only while it is still the caller's. */
const renewScript = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0`;
const releaseScript = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`;

/**
 * Leases in Redis, for processes on many machines: `SET key token NX PX`, renewed and released only by the owner of the token. One
 * key per command, so that it also works with Redis Cluster.
 */
export class RedisReferenceLock implements ReferenceLock {
  readonly #send: (args: string[]) => Promise<unknown>;
  readonly #prefix: string;
  readonly #leaseMs: number;
  readonly #timeoutMs: number;
  readonly #clock: Clock;

  constructor({ client, prefix, leaseMs, timeoutMs, clock }: RedisReferenceLockOptions) {
    this.#send = commandSender(client);
    this.#prefix = prefix ?? 'signstash:lock:';
    this.#leaseMs = leaseMs ?? 30_000;
    this.#timeoutMs = timeoutMs ?? 2_000;
    this.#clock = clock ?? systemClock;
  }

  async acquire(keys: readonly string[]): Promise<ReferenceLease> {
    const fencingToken = Number(await this.#command('INCR', `${this.#prefix}fence`));
    const token = `${fencingToken}-${randomUUID()}`;
    const leaseMs = String(this.#leaseMs);
    // Before the commands leave: the lease runs from when Redis executes them, which is later.
    let renewedAt = this.#clock.now();
    const set = (key: string) => this.#command('SET', this.#key(key), token, 'NX', 'PX', leaseMs);
    const answers = await Promise.allSettled(keys.map(set));
    const failed = answers.find((answer) => answer.status === 'rejected');
    // Those whose answer is lost may be held, and expire.
    const taken = keys.filter((_, index) => succeeded(answers[index]));
    const releaseAll = async () => {
      await Promise.all(taken.map((key) => this.#command('EVAL', releaseScript, '1', this.#key(key), token)));
    };
    if (failed) {
      await releaseAll().catch(() => {
        // They expire.
      });
      throw failed.reason;
    }
    let lost = false;
    const renew = async () => {
      const startedAt = this.#clock.now();
      const renewals = await Promise.all(
        taken.map((key) => this.#command('EVAL', renewScript, '1', this.#key(key), token, leaseMs)),
      );
      if (renewals.every((renewed) => Number(renewed) === 1)) renewedAt = startedAt;
      else lost = true;
    };
    const timer = setInterval(() => {
      // Where Redis does not answer, the lease runs out by this process's own clock.
      renew().catch(() => {});
    }, this.#leaseMs / 3);
    timer.unref();
    return {
      keys: taken,
      fencingToken,
      isHeld: async () => {
        await renew().catch(() => {});
        return !lost && this.#clock.now() - renewedAt < (this.#leaseMs * 2) / 3;
      },
      release: async () => {
        clearInterval(timer);
        lost = true;
        await releaseAll();
      },
    };
  }

  async #command(...args: string[]): Promise<unknown> {
    const answer = await raceTimeout(this.#send(args), this.#timeoutMs);
    if (answer === 'late') throw new Error(`Redis did not answer ${args[0]} within ${this.#timeoutMs} ms.`);
    return answer;
  }

  /** Hashed: references may be confidential, and of any length. */
  #key(key: string): string {
    return `${this.#prefix}${createHash('sha256').update(key).digest('hex').slice(0, 40)}`;
  }
}

const succeeded = (answer: PromiseSettledResult<unknown> | undefined) =>
  answer?.status === 'fulfilled' && String(answer.value) === 'OK';

function commandSender(client: RedisClient): (args: string[]) => Promise<unknown> {
  // A late answer after the timeout must not become an unhandled rejection: `raceTimeout` has attached a handler by then.
  if (typeof client === 'function') return async (args) => client(args);
  // ioredis has a `sendCommand` of another kind, so `call` goes first.
  if ('call' in client) return async ([command = '', ...args]) => client.call(command, ...args);
  return async (args) => client.sendCommand(args);
}
