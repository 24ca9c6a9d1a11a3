import { median, spread } from './statistics.ts';

export interface Measured {
  ms: number;
  /** Milliseconds of processor time; undefined where it is not measured. */
  cpuMs?: number;
  /** Bytes; undefined where it is not measured. */
  peakRss?: number;
}

export interface Contender {
  name: string;
  run(): Promise<Measured | { failed: string }>;
}

/** The runs of one client. */
export class Stats {
  readonly #measured: Measured[] = [];
  /** The first failure; nothing is measured after it. */
  failure: string | undefined;

  add(result: Measured | { failed: string }): void {
    if ('failed' in result) this.failure = result.failed;
    else this.#measured.push(result);
  }

  get ms(): number {
    return median(this.#measured.map(({ ms }) => ms));
  }

  get spread(): number {
    return spread(this.#measured.map(({ ms }) => ms));
  }

  get cpuMs(): number {
    return median(this.#measured.map(({ cpuMs }) => cpuMs ?? Number.NaN));
  }

  /** Bytes. */
  get peakRss(): number {
    return median(this.#measured.map(({ peakRss }) => peakRss ?? Number.NaN));
  }
}

/** Runs all clients one after another, for a number of rounds; each round begins with another client. */
export async function interleave(contenders: readonly Contender[], runs: number): Promise<Map<string, Stats>> {
  const stats = new Map(contenders.map(({ name }) => [name, new Stats()]));
  // Unmeasured: the sink's process and the disk's cache are cold.
  await contenders[0]?.run();
  for (let round = 0; round < runs; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(round + turn) % contenders.length] as Contender;
      const own = stats.get(contender.name) as Stats;
      if (own.failure === undefined) own.add(await contender.run());
    }
  }
  return stats;
}
