import { resolve } from 'node:path';

/** Patterns as core takes them: relative ones start at the working directory of the process. */
export function inFolder(patterns: readonly string[], cwd: string): string[] {
  if (cwd === process.cwd()) return [...patterns];
  return patterns.map((pattern) =>
    pattern.startsWith('!') ? `!${resolve(cwd, pattern.slice(1))}` : resolve(cwd, pattern),
  );
}

/** Without what is undefined. */
export const given = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
