import { type ErrorCode, errorCodes, type Report } from '@signstash-connect/core/adapter';

/** What the process exits with; documented, so that scripts can rely on it. */
export const exitCodes = {
  /** Everything was done: all files signed, all documents valid, all checks passed. */
  ok: 0,
  /** At least one file or check failed; the others are done. */
  failed: 1,
  /** Unknown command or option, or no file to work on. Nothing was sent. */
  usage: 2,
  /** Settings are missing or wrong, or the credentials were refused. */
  configuration: 3,
  /** A document may have been signed, and it could not be determined. Run the same command again. */
  unknown: 4,
  /** Cancelled by SIGINT or SIGTERM. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A mistake in how the command was called. Nothing was sent. */
export class UsageError extends Error {}

/** By the stable code of an error. */
export function exitCodeOf(code: string): ExitCode {
  switch (errorCodes[code as ErrorCode]?.family) {
    case 'configuration':
    case 'credentials':
      return exitCodes.configuration;
    case 'outcome':
      return exitCodes.unknown;
    case 'aborted':
      return exitCodes.interrupted;
    default:
      return exitCodes.failed;
  }
}

/** Of a run over many files. An unknown outcome outweighs a failure: it decides what to do next. */
export function exitCodeOfReport(report: Report, signal: AbortSignal): ExitCode {
  if (signal.aborted) return exitCodes.interrupted;
  const codes = report.files.map(({ problem }) => problem && exitCodeOf(problem.code));
  if (report.totals.cancelled > 0 || codes.includes(exitCodes.unknown)) return exitCodes.unknown;
  if (report.stoppedBy) return exitCodeOf(report.stoppedBy.code);
  return report.ok && report.missing.length === 0 ? exitCodes.ok : exitCodes.failed;
}
