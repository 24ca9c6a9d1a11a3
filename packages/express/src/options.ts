import { ConfigurationError } from '@signstash-connect/core';

/**
 * Fails at startup on an unknown option.
 *
 * @throws {@link ConfigurationError} naming the unknown option and the known ones.
 */
export function checkOptions<Options extends object>(
  where: string,
  options: Options,
  known: readonly (keyof Options & string)[],
): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name as never));
  if (unknown === undefined) return;
  const message = `${where}(): unknown option "${unknown}"; expected one of ${known.join(', ')}.`;
  throw new ConfigurationError('CONFIGURATION_INVALID', unknown, message);
}

/** @throws {@link ConfigurationError} if a limit is not a positive whole number. */
export function checkLimit(where: string, setting: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  const message = `${where}(): ${setting} must be a positive whole number, not ${String(value)}.`;
  throw new ConfigurationError('CONFIGURATION_INVALID', setting, message);
}

export const mebibyte = 1024 * 1024;

/** `25 MiB`, `9.5 MiB`, `800 KiB`, `12 bytes`: at most one decimal. */
export function formatBytes(bytes: number): string {
  const [value, unit] =
    bytes >= mebibyte ? [bytes / mebibyte, 'MiB'] : bytes >= 1024 ? [bytes / 1024, 'KiB'] : [bytes, 'bytes'];
  return `${Math.round(value * 10) / 10} ${unit}`;
}

/** Any logger with these methods: `console`, pino, winston. */
export interface Logger {
  warn(message: string, details?: unknown): void;
  error(message: string, details?: unknown): void;
}
