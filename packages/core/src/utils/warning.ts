import { redact } from '../errors/redact.ts';

/** A non-fatal problem. Contains no secret. */
export interface Warning {
  /**
   * `TOKEN_STORE_FAILED`: the token store could not be read or written; the token was requested instead.
   * `TOKEN_REFRESH_FAILED`: an early renewal failed; the old token remains in use.
   * `REFERENCE_LOCK_FAILED`: the reference lock could not be reached; documents were looked up before they were sent instead.
   * `RESULT_STORE_FAILED`: the result store could not be read or written; the document was signed all the same.
   * `CONTENT_REWRITTEN`: a signed PDF does not begin with the bytes that were sent, but its signature is intact.
   */
  readonly code:
    | 'TOKEN_STORE_FAILED'
    | 'TOKEN_REFRESH_FAILED'
    | 'REFERENCE_LOCK_FAILED'
    | 'RESULT_STORE_FAILED'
    | 'CONTENT_REWRITTEN';
  readonly message: string;
}

export type OnWarning = (warning: Warning) => void;

/** Reports a warning; a failing logger must not fail a signature. */
export function warn(
  onWarning: OnWarning | undefined,
  code: Warning['code'],
  what: string,
  problem: unknown,
  secrets: Iterable<string> = [],
): void {
  const reason = problem instanceof Error ? problem.message : String(problem);
  try {
    onWarning?.({ code, message: redact(`${what}: ${reason}`, secrets) });
  } catch {
    // See above.
  }
}
