const oldestMajor = 22;

/** Throws if Node.js is too old: the sandbox would start and fail at the first look-up. */
export function assertNodeVersion(version: string): void {
  if (Number(version.split('.')[0]) >= oldestMajor) return;
  throw new Error(`The sandbox needs Node.js ${oldestMajor} or newer, this is ${version}: install a newer Node.js.`);
}
