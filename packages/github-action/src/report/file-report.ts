import { isSignStashError } from '@signstash-connect/core';
import { hintFor } from './hints.ts';

/** Why a file was not sealed. */
export interface Problem {
  /** Stable; those of core, and `SEAL_NOT_VALID`, `NOT_EXPECTED`. */
  code: string;
  message: string;
  /** What to do next. */
  hint: string;
}

/**
 * What became of one file: `sealed`, `failed`, `skipped` (signed already), `not-sent` (the work ended before its turn),
 * `cancelled` (it may still be sealed), or `checked` (dry run).
 */
export interface FileReport {
  file: string;
  status: 'sealed' | 'failed' | 'skipped' | 'not-sent' | 'cancelled' | 'checked';
  /** Why it was skipped. */
  reason?: string;
  problem?: Problem;
  reference?: string;
  operationId?: string;
  /** Path of the sealed file, called like {@link file}. */
  output?: string;
  /** Of the sealed file. */
  bytes?: number;
  /** Of the sealed file, in hexadecimal. */
  sha256?: string;
  /** True where it had been sealed before, by a lost request or an earlier run. */
  foundAgain?: boolean;
}

function problemOf(error: unknown): Problem {
  if (!isSignStashError(error)) {
    const message = error instanceof Error ? error.message : String(error);
    return { code: 'NOT_EXPECTED', message, hint: 'Run again with debug logging, and report it with the log.' };
  }
  return { code: error.code, message: error.message, hint: hintFor(error) };
}

/** What to report for a file that an error kept from being sealed. */
export function failure(file: string, error: unknown): FileReport {
  const cancelled = isSignStashError(error) && error.code === 'ABORTED';
  return { file, status: cancelled ? 'cancelled' : 'failed', problem: problemOf(error) };
}

export type Totals = Record<FileReport['status'], number>;

export function totals(files: readonly FileReport[]): Totals {
  const counts: Totals = { sealed: 0, failed: 0, skipped: 0, 'not-sent': 0, cancelled: 0, checked: 0 };
  for (const { status } of files) counts[status]++;
  return counts;
}
