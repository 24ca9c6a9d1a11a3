import { describe, expect, it } from 'vitest';
import { AdaptiveLimiter, type Slot } from '../../src/utils/adaptive-limiter.ts';

const goOn = () => {};

/** A server that refuses more than `accepts` calls at once, and callers that retry until they succeed. */
async function serveAll(limiter: AdaptiveLimiter, calls: number, accepts: () => number) {
  let running = 0;
  let most = 0;
  let refused = 0;
  const tick = () => new Promise((resolve) => setImmediate(resolve));
  const one = async (slot: Slot) => {
    running++;
    most = Math.max(most, running);
    const tooMany = running > accepts();
    await tick();
    running--;
    if (!tooMany) return true;
    refused++;
    limiter.refused(slot);
    return Promise.reject(new Error('too many'));
  };
  const call = async () => {
    for (;;) {
      const done = await limiter.run(one, goOn).catch(() => false);
      if (done) return;
      await tick();
    }
  };
  await Promise.all(Array.from({ length: calls }, call));
  return { most, refused };
}

describe('the adaptive limiter', () => {
  it('does not limit anything before the first refusal', async () => {
    const limiter = new AdaptiveLimiter();
    expect(await serveAll(limiter, 200, () => Number.POSITIVE_INFINITY)).toEqual({ most: 200, refused: 0 });
    expect(limiter.limit).toBe(Number.POSITIVE_INFINITY);
  });

  it('finds what the server accepts, with few refusals', async () => {
    const limiter = new AdaptiveLimiter();
    const { refused } = await serveAll(limiter, 300, () => 5);
    // The first burst, halved each time, and afterwards a few refusals for each time that one call more was tried.
    expect(refused).toBeLessThan(300 * 2 + 300 / 3);
    expect(limiter.limit).toBeGreaterThanOrEqual(1);
    expect(limiter.limit).toBeLessThan(12);
  });

  it('halves once for all calls that were running, and grows by one with every round of successes', async () => {
    const limiter = new AdaptiveLimiter();
    let refuse = true;
    const work = async (slot: Slot) => {
      await new Promise((resolve) => setImmediate(resolve));
      if (!refuse) return;
      limiter.refused(slot);
      throw new Error('too many');
    };
    await Promise.allSettled(Array.from({ length: 16 }, () => limiter.run(work, goOn)));
    expect(limiter.limit).toBe(8);
    refuse = false;
    const before = limiter.limit;
    await Promise.all(Array.from({ length: 9 }, () => limiter.run(work, goOn)));
    expect(limiter.limit - before).toBeGreaterThan(0.5);
    expect(limiter.limit - before).toBeLessThan(1.5);
  });

  it('recovers when the server accepts more again', async () => {
    const limiter = new AdaptiveLimiter();
    let accepts = 1;
    await serveAll(limiter, 50, () => accepts);
    accepts = 40;
    const { most } = await serveAll(limiter, 2000, () => accepts);
    expect(most).toBeGreaterThan(20);
  });

  it('starts nothing during a pause, also for a caller that stops meanwhile', async () => {
    const limiter = new AdaptiveLimiter();
    let end = () => {};
    const paused = limiter.pause(
      new Promise((resolve) => {
        end = resolve;
      }),
    );
    const order: string[] = [];
    const waiting = limiter.run(async () => order.push('started'), goOn);
    const stopped = limiter.run(
      async () => order.push('never'),
      () => {
        throw new Error('stopped');
      },
    );
    stopped.catch(() => order.push('stopped'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual([]);
    end();
    await Promise.allSettled([paused, waiting, stopped]);
    expect(order.sort()).toEqual(['started', 'stopped']);
  });

  it('ends a pause that is cut short', async () => {
    const limiter = new AdaptiveLimiter();
    await limiter.pause(Promise.reject(new Error('aborted')));
    expect(await limiter.run(async () => 1, goOn)).toBe(1);
  });
});
