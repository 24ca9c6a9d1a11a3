import { apiErrors } from '../wire/api-error.ts';

/** The issuer's quota, as `issuerCompany` shows it. */
export interface UsageSettings {
  /** `null` for an issuer without a limit. */
  limitUsageCount?: number | null;
  limitCurrentConsumption?: number;
  /** ISO 8601. */
  limitPeriodStartDate?: string;
  /** ISO 8601. */
  limitPeriodEndDate?: string;
}

/** Counts signatures against what the issuer has paid for. */
export class Usage {
  readonly #initial: Required<UsageSettings>;
  #current: Required<UsageSettings>;
  /** Signatures in progress, so that parallel requests cannot exceed the quota together. */
  #reserved = 0;

  constructor(limitUsageCount: number | null, now = new Date()) {
    const year = now.getUTCFullYear();
    this.#initial = {
      limitUsageCount,
      limitCurrentConsumption: 0,
      limitPeriodStartDate: new Date(Date.UTC(year, 0, 1)).toISOString(),
      limitPeriodEndDate: new Date(Date.UTC(year + 1, 0, 1) - 1).toISOString(),
    };
    this.#current = { ...this.#initial };
  }

  get current(): Readonly<Required<UsageSettings>> {
    return this.#current;
  }

  set(settings: UsageSettings): void {
    this.#current = { ...this.#current, ...settings };
  }

  reset(): void {
    this.#current = { ...this.#initial };
    this.#reserved = 0;
  }

  refuseIfUsedUp(signatures: number): void {
    const { limitUsageCount, limitCurrentConsumption } = this.#current;
    if (limitUsageCount === null) return;
    if (limitCurrentConsumption + this.#reserved + signatures > limitUsageCount) throw this.usedUp();
  }

  usedUp() {
    return apiErrors.usageLimit(this.#current.limitUsageCount ?? 0);
  }

  reserve(signatures: number): void {
    this.#reserved += signatures;
  }

  /** Settles a reservation: the signature was created or failed. */
  settle(made: boolean): void {
    this.#reserved = Math.max(0, this.#reserved - 1);
    if (made) this.#current.limitCurrentConsumption += 1;
  }
}
