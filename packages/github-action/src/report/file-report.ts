import { isSignStashError } from '@signstash-connect/core';
import { hintFor } from './hints.ts';

/** Why a file was not signed. */
export interface Problem {
  /** Stable: a code of core, `CONTENT_NOT_VALID`, `LINK_OUTSIDE_WORKSPACE` or `UNEXPECTED`. */
  code: string;
  message: string;
  /** What to do next. */
  hint: string;
}

/** A problem that the action itself finds. */
export class FileError extends Error implements Problem {
  readonly code: string;
  readonly hint: string;

  constructor(code: string, message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/**
 * The result for one file: `signed`, `failed`, `skipped` (already signed), `not-sent` (the run stopped first), `cancelled` (it may
 * still be signed) or `checked` (dry run).
 */
export interface FileReport {
  file: string;
  status: 'signed' | 'failed' | 'skipped' | 'not-sent' | 'cancelled' | 'checked';
  /** Why it was skipped. */
  reason?: string;
  problem?: Problem;
  reference?: string;
  operationId?: string;
  /** Path of the signed file, named like {@link file}. */
  output?: string;
  /** Of the signed file. */
  bytes?: number;
  /** Of the signed file, in hexadecimal. */
  sha256?: string;
  /** True if an earlier request or run had signed it, so that this run retrieved it and was not charged for it. */
  recovered?: boolean;
}

function problemOf(error: unknown): Problem {
  if (error instanceof FileError) {
    const { code, message, hint } = error;
    return { code, message, hint };
  }
  if (isSignStashError(error)) return { code: error.code, message: error.message, hint: hintFor(error) };
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'UNEXPECTED', message, hint: 'Run again with debug logging, and report it with the log.' };
}

/** The report of a file that was not signed because of an error. */
export function failure(file: string, error: unknown): FileReport {
  const cancelled = isSignStashError(error) && error.code === 'ABORTED';
  return { file, status: cancelled ? 'cancelled' : 'failed', problem: problemOf(error) };
}

/** Files by status. `recovered` are those of `signed` that an earlier request or run had signed. */
export type Totals = Record<FileReport['status'] | 'recovered', number>;

export function totals(files: readonly FileReport[]): Totals {
  const counts: Totals = { signed: 0, recovered: 0, failed: 0, skipped: 0, 'not-sent': 0, cancelled: 0, checked: 0 };
  for (const { status, recovered } of files) {
    counts[status]++;
    if (recovered) counts.recovered++;
  }
  return counts;
}
