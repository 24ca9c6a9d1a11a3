import { ConfigurationError } from '@signstash-connect/core';

/**
 * A misspelt option is a mistake of the program: better told at the start than found in production.
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
  const message = `${where}() has no option "${unknown}"; it takes ${known.join(', ')}.`;
  throw new ConfigurationError('CONFIGURATION_INVALID', unknown, message);
}

/** @throws {@link ConfigurationError} where a limit is not a positive whole number. */
export function checkLimit(where: string, setting: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  const message = `${where}(): ${setting} must be a positive whole number, not ${String(value)}.`;
  throw new ConfigurationError('CONFIGURATION_INVALID', setting, message);
}
