import { createHash, randomUUID } from 'node:crypto';
import { raceTimeout } from '../utils/abort.ts';
import { type Clock, systemClock } from '../utils/clock.ts';
import { abandonedLeaseMs, type ReferenceLease, type ReferenceLock } from './reference-lock.ts';

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

/**
 * A lease is `<token> <time when it expires>`, by the clock of Redis. Its key outlives it, so that whoever takes it next learns that it
 * was never given back. Arguments: token, lease and key lifetime in milliseconds.
 */
const leaseFunctions = `
local value = redis.call('GET', KEYS[1])
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function owned() return value and string.match(value, '^(%S+) ') == ARGV[1] end
local function save()
  redis.call('SET', KEYS[1], string.format('%s %.0f', ARGV[1], now() + ARGV[2]), 'PX', ARGV[3])
end
`;
/** Answers 0: held by someone else, 1: taken, 2: taken after its holder did not give it back. */
const acquireScript = `${leaseFunctions}
local expiresAt = value and tonumber(string.match(value, ' (%d+)$'))
if expiresAt and expiresAt > now() then return 0 end
save()
return value and 2 or 1`;
/** Both change a lease only while it is still the caller's. */
const renewScript = `${leaseFunctions} if not owned() then return 0 end save() return 1`;
const releaseScript = `${leaseFunctions} if not owned() then return 0 end return redis.call('DEL', KEYS[1])`;

/**
 * Leases in Redis 5 or later, for processes on many machines: taken, renewed and released by scripts that compare the owner's token.
 * One key per command, so that it also works with Redis Cluster. A lease that was never given back is remembered for
 * 24 hours.
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
    const lifetimes = [String(this.#leaseMs), String(Math.max(abandonedLeaseMs, this.#leaseMs))];
    const run = (script: string, key: string) =>
      this.#command('EVAL', script, '1', this.#key(key), token, ...lifetimes).then(Number);
    // Before the commands leave: the lease runs from when Redis executes them, which is later.
    let renewedAt = this.#clock.now();
    const answers = await Promise.allSettled(keys.map((key) => run(acquireScript, key)));
    const failed = answers.find((answer) => answer.status === 'rejected');
    const answered = (...values: number[]) =>
      keys.filter((_, index) => {
        const answer = answers[index];
        return answer?.status === 'fulfilled' && values.includes(answer.value);
      });
    const taken = answered(1, 2);
    const release = async (released: readonly string[]) => {
      await Promise.all(released.map((key) => run(releaseScript, key)));
    };
    if (failed) {
      // The others expire: those whose answer is lost may be held, and an abandoned one must be remembered.
      await release(answered(1)).catch(() => {});
      throw failed.reason;
    }
    let lost = false;
    const renew = async () => {
      const startedAt = this.#clock.now();
      const renewals = await Promise.all(taken.map((key) => run(renewScript, key)));
      if (renewals.every((renewed) => renewed === 1)) renewedAt = startedAt;
      else lost = true;
    };
    const timer = setInterval(() => {
      // Where Redis does not answer, the lease runs out by this process's own clock.
      renew().catch(() => {});
    }, this.#leaseMs / 3);
    timer.unref();
    return {
      keys: taken,
      abandoned: answered(2),
      fencingToken,
      isHeld: async () => {
        await renew().catch(() => {});
        return !lost && this.#clock.now() - renewedAt < (this.#leaseMs * 2) / 3;
      },
      release: async () => {
        clearInterval(timer);
        lost = true;
        await release(taken);
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

function commandSender(client: RedisClient): (args: string[]) => Promise<unknown> {
  // A late answer after the timeout must not become an unhandled rejection: `raceTimeout` has attached a handler by then.
  if (typeof client === 'function') return async (args) => client(args);
  // ioredis has a `sendCommand` of another kind, so `call` goes first.
  if ('call' in client) return async ([command = '', ...args]) => client.call(command, ...args);
  return async (args) => client.sendCommand(args);
}
