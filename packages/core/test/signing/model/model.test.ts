import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type ClientParts,
  type DocumentInput,
  memoryStore,
  type SignOptions,
  SignStashClient,
} from '../../../src/client.ts';
import type { Outcome } from '../../../src/signing/outcome.ts';
import { contentOf, RandomService, type ReadFate, readFate, type SignFate, signFate } from './random-service.ts';
import { VirtualTime } from './virtual-time.ts';

/** How many random services a run of this test meets; CI's heavier part asks for more. */
const runs = Number(process.env.SIGNSTASH_MODEL_RUNS ?? 500);
const seed = Number(process.env.SIGNSTASH_MODEL_SEED ?? Date.now() % 2 ** 31);

const endpoints = {
  tokenUrl: 'https://service.test/token',
  signUrl: 'https://service.test',
  queryUrl: 'https://service.test',
  viaProxy: false,
};
/** Must hold for a server that signs repeated references again, as long as requests are no later than this. */
const lookupGraceMs = 60_000;
const pendingMs = 300_000;

const reference = (index: number) => `doc-${index}.pdf`;

/** Claims that a document was not signed by this call. Anything else leaves that open, or says that nothing was sent. */
const claimsFailure = (outcome: Outcome<Uint8Array>) =>
  !outcome.signed &&
  !['OUTCOME_UNKNOWN', 'DOCUMENT_PENDING', 'CONTENT_UNAVAILABLE', 'LOOKUP_FAILED', 'ABORTED'].includes(
    outcome.error.code,
  );

class Client {
  readonly #client: SignStashClient;

  constructor(...parts: ConstructorParameters<typeof SignStashClient>) {
    this.#client = new SignStashClient(...parts);
  }

  async run(
    indexes: readonly number[],
    options: SignOptions,
    mayHaveBeenSent: boolean,
    onSend: (references: string[]) => void,
  ) {
    const outcomes = new Map<string, Outcome<Uint8Array>[]>();
    const prepared = await Promise.all(
      indexes.map((index) => {
        const input: DocumentInput = {
          content: Buffer.from(`%PDF-1.4 ${index}`),
          reference: reference(index),
          name: reference(index),
        };
        return this.#client.prepare(input, index, options);
      }),
    );
    await this.#client.signPreparedWith<Uint8Array>(prepared, options, {
      store: memoryStore,
      mayHaveBeenSent,
      beforeSend: async (sent) => onSend(sent.map((document) => document.reference)),
      onOutcome: (outcome) => {
        const key = outcome.document.reference;
        outcomes.set(key, [...(outcomes.get(key) ?? []), outcome]);
      },
    });
    return outcomes;
  }
}

/** The expected state, kept beside the service. */
interface Model {
  runs: number;
  /** Documents that were given to a run before. */
  given: Set<number>;
  /** Sent by a run that was killed before it could say how they ended. */
  inDoubt: Set<number>;
  /** Documents that a run claimed not to have signed, with that run. */
  claims: { index: number; run: number; code: string }[];
}

interface Real {
  /** Between two runs, so that what the first one saw is seen by the second one's look-ups. Milliseconds. */
  readonly pauseMs: number;
  readonly time: VirtualTime;
  readonly service: RandomService;
}

interface RunPlan {
  indexes: number[];
  lookUpFirst: boolean;
  signFates: SignFate[];
  readFates: ReadFate[];
}

function clientOf({ time, service }: Real, model: Model, { signFates, readFates }: RunPlan) {
  const run = ++model.runs;
  const parts: ClientParts = {
    transport: service.transport(run, signFates, readFates),
    platform: time.platform,
    endpoints,
    clientId: 'PRT.1-a',
  };
  const retry = { delayMs: 500, maxDelayMs: 30_000, lookupGraceMs, pendingMs };
  return { run, client: new Client(parts, { retry, contentCheck: 'off' }) };
}

/** Whether a run may skip its look-ups: these documents were never sent before. */
const areNew = (model: Model, indexes: readonly number[]) => indexes.every((index) => !model.given.has(index));

class SignCommand implements fc.AsyncCommand<Model, Real> {
  readonly plan: RunPlan;
  constructor(plan: RunPlan) {
    this.plan = plan;
  }
  check = () => true;
  async run(model: Model, real: Real): Promise<void> {
    const { indexes } = this.plan;
    const lookUpFirst = this.plan.lookUpFirst || !areNew(model, indexes);
    const mayHaveBeenSent = indexes.some((index) => model.inDoubt.has(index));
    const { run, client } = clientOf(real, model, this.plan);
    const outcomes = await real.time.run(client.run(indexes, { lookUpFirst }, mayHaveBeenSent, () => {}));
    for (const index of indexes) {
      model.given.add(index);
      model.inDoubt.delete(index);
      const found = outcomes.get(reference(index)) ?? [];
      expect(found, `${reference(index)} has exactly one outcome`).toHaveLength(1);
      const [outcome] = found as [Outcome<Uint8Array>];
      if (outcome.signed) {
        expect(Buffer.from(outcome.content ?? []).toString('base64')).toBe(contentOf(reference(index)));
        expect(real.service.signatures.get(reference(index)), 'what is reported as signed is signed').toBe(1);
      } else if (claimsFailure(outcome)) model.claims.push({ index, run, code: outcome.error.code });
      if (!outcome.signed) {
        expect(outcome.error.code, 'a taken reference is found or unknown').not.toBe('REFERENCE_TAKEN');
      }
      if (!outcome.signed && outcome.error.code === 'LOOKUP_FAILED') {
        expect(real.service.sent.get(run)?.has(reference(index)), 'what was not looked up is not sent').toBe(false);
      }
    }
    checkService(real);
    await real.time.pass(real.pauseMs);
  }
  toString = () => `sign(${JSON.stringify(this.plan)})`;
}

class KillCommand implements fc.AsyncCommand<Model, Real> {
  readonly plan: RunPlan;
  readonly afterMs: number;
  constructor(plan: RunPlan, afterMs: number) {
    this.plan = plan;
    this.afterMs = afterMs;
  }
  check = () => true;
  async run(model: Model, real: Real): Promise<void> {
    const { indexes } = this.plan;
    const lookUpFirst = this.plan.lookUpFirst || !areNew(model, indexes);
    const mayHaveBeenSent = indexes.some((index) => model.inDoubt.has(index));
    const { client } = clientOf(real, model, this.plan);
    const killed = new AbortController();
    const sent = new Set<string>();
    // The process was killed: its results are ignored, and nothing more is sent.
    const running = client.run(indexes, { lookUpFirst, signal: killed.signal }, mayHaveBeenSent, (references) => {
      for (const one of references) sent.add(one);
    });
    await real.time.pass(this.afterMs);
    killed.abort(new Error('killed'));
    await real.time.run(running);
    for (const index of indexes) {
      model.given.add(index);
      if (sent.has(reference(index))) model.inDoubt.add(index);
    }
    checkService(real);
  }
  toString = () => `killed(${JSON.stringify(this.plan)}, ${this.afterMs})`;
}

class WaitCommand implements fc.AsyncCommand<Model, Real> {
  readonly milliseconds: number;
  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
  }
  check = () => true;
  run = (_model: Model, real: Real) => real.time.pass(this.milliseconds);
  toString = () => `wait(${this.milliseconds})`;
}

function checkService({ service }: Pick<Real, 'service'>): void {
  expect(service.violations).toEqual([]);
  for (const [signed, times] of service.signatures) expect(times, `${signed} is signed once`).toBe(1);
}

const documentCount = 6;

function commands(longestMs: number) {
  const plan = fc.record({
    indexes: fc.uniqueArray(fc.nat(documentCount - 1), { minLength: 1, maxLength: documentCount }),
    lookUpFirst: fc.boolean(),
    signFates: fc.array(signFate(longestMs), { maxLength: 6 }),
    readFates: fc.array(readFate, { maxLength: 12 }),
  });
  return fc.commands(
    [
      plan.map((given) => new SignCommand(given)),
      plan.map((given) => new SignCommand(given)),
      fc.tuple(plan, fc.integer({ min: 1, max: 100_000 })).map(([given, ms]) => new KillCommand(given, ms)),
      fc.integer({ min: 1, max: 400_000 }).map((ms) => new WaitCommand(ms)),
    ],
    { maxCommands: 5 },
  );
}

async function check(unique: boolean, sequence: Iterable<fc.AsyncCommand<Model, Real>>): Promise<void> {
  const time = new VirtualTime();
  const service = new RandomService(time, unique);
  const model: Model = { runs: 0, given: new Set(), inDoubt: new Set(), claims: [] };
  await fc.asyncModelRun(() => ({ model, real: { time, service, pauseMs: unique ? 1 : lookupGraceMs } }), sequence);
  // Deliver all requests that are still in transit.
  await time.pass(24 * 3_600_000);
  checkService({ service });
  for (const { index, run, code } of model.claims) {
    expect(
      service.signedBy.get(run)?.has(reference(index)),
      `${reference(index)}: ${code}, yet signed by run ${run}`,
    ).toBe(false);
    if (code === 'DOCUMENT_FAILED') expect(service.signatures.has(reference(index))).toBe(false);
  }
}

it(`with ${runs} random services, nothing is signed twice, lost, or called failed although it is signed (seed ${seed})`, {
  timeout: 30_000 + runs * 50,
}, async () => {
  console.log(`seed ${seed}`);
  await fc.assert(
    fc.asyncProperty(commands(3 * (pendingMs + 60_000)), (sequence) => check(true, sequence)),
    { numRuns: Math.ceil(runs * 0.7), seed },
  );
  // A server that signs a repeated reference again: safe as long as requests and look-ups are less late than the grace period.
  await fc.assert(
    fc.asyncProperty(commands(lookupGraceMs), (sequence) => check(false, sequence)),
    { numRuns: Math.floor(runs * 0.3), seed },
  );
});
