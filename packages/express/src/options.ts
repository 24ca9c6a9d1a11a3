import type { Logger as CoreLogger } from '@signstash-connect/core';
import { SettingReader } from '@signstash-connect/core/adapter';

/**
 * Fails at startup on an unknown option or an impossible limit.
 *
 * @param limits - Options that must be whole numbers above 0, if given.
 * @throws `SettingsError`, a `ConfigurationError`, naming the option.
 */
export function checkOptions<Options extends object>(
  where: string,
  options: Options,
  known: readonly (keyof Options & string)[],
  limits: readonly (keyof Options & string)[] = [],
): void {
  const reader = new SettingReader(options as Record<string, unknown>, known, { nameOf: (name) => `${where}.${name}` });
  for (const limit of limits) reader.wholeNumber(limit, 1, 2 ** 40);
  reader.finish();
}

/** Any logger with these methods: `console`, pino, winston. */
export type Logger = Pick<CoreLogger, 'warn' | 'error'>;
