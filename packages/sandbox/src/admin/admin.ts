import type { Fault } from '../faults/fault.ts';
import type { UsageSettings } from '../integration-service/usage.ts';
import type { SandboxState } from '../state.ts';
import type { SandboxCounts } from './counts.ts';
import type { RequestLogEntry } from './request-log.ts';

/** Controls a sandbox of the same process. */
export interface SandboxAdmin {
  /** Adds one fault or several; each applies to the next request it fits. Throws `TypeError` for one that never could. */
  addFault(...faults: Fault[]): void;
  clearFaults(): void;
  /** Every token issued so far is refused as expired. */
  expireTokens(): void;
  counts(): SandboxCounts;
  /** The latest requests to the services, oldest first. */
  requests(): RequestLogEntry[];
  /** Answers of the sandbox that do not conform to its OpenAPI description, except those made by faults. */
  schemaViolations(): string[];
  /** Changes the issuer's quota. */
  setUsage(usage: UsageSettings): void;
  /** Clears operations, counts, faults, tokens and the log; keeps the certificate authority. */
  reset(): void;
}

export function createAdmin(state: SandboxState): SandboxAdmin {
  return {
    addFault: (...faults) => state.faults.add(...faults),
    clearFaults: () => state.faults.clear(),
    expireTokens: () => state.tokens.expireAll(),
    counts: () => state.counts.snapshot(),
    requests: () => state.log.snapshot(),
    schemaViolations: () => state.violations.snapshot(),
    setUsage: (usage) => state.usage.set(usage),
    reset: () => state.reset(),
  };
}
