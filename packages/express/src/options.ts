import { SettingReader } from '@signstash-connect/core/adapter';

/**
 * Fails at startup on an unknown option or an impossible limit.
 *
 * @param limits - Options that must be whole numbers above 0, if given.
 * @param most - The largest value of a limit. Default 1 TiB.
 * @throws `SettingsError`, a `ConfigurationError`, naming the option.
 */
export function checkOptions<Options extends object>(
  where: string,
  options: Options,
  known: readonly (keyof Options & string)[],
  limits: readonly (keyof Options & string)[] = [],
  most: Readonly<Record<string, number>> = {},
): void {
  const reader = new SettingReader(options as Record<string, unknown>, known, { nameOf: (name) => `${where}.${name}` });
  for (const limit of limits) reader.wholeNumber(limit, 1, most[limit] ?? 2 ** 40);
  reader.finish();
}

export const mebibyte = 1024 * 1024;

/** `25 MiB`, `9.5 MiB`, `800 KiB`, `12 bytes`: at most one decimal. */
export function formatBytes(bytes: number): string {
  const [unit, size] = bytes >= mebibyte ? ['MiB', mebibyte] : bytes >= 1024 ? ['KiB', 1024] : ['bytes', 1];
  return `${Math.round((bytes / (size as number)) * 10) / 10} ${unit}`;
}

/** Any logger with these methods: `console`, pino, winston. */
export interface Logger {
  warn(message: string, details?: unknown): void;
  error(message: string, details?: unknown): void;
}
