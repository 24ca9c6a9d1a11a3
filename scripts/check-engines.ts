// Checks that everything a published package installs runs on the oldest Node version that the package supports.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { minVersion, satisfies } from 'semver';
import { parse } from 'yaml';

interface Dependencies {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

interface Lockfile {
  importers: Record<string, { dependencies?: Record<string, { version: string }> }>;
  packages: Record<string, { engines?: { node?: string } }>;
  snapshots: Record<string, Dependencies>;
}

/**
 * Dependencies of a package, direct and indirect, that do not accept the oldest version of Node that the package accepts.
 *
 * @param folder - Such as `packages/cli`.
 */
export function findEngineConflicts(root: string, folder: string): string[] {
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    engines?: { node?: string };
  };
  const oldest = minVersion(manifest.engines?.node ?? '*')?.version ?? '0.0.0';
  const lockfile = parse(readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8')) as Lockfile;
  const conflicts: string[] = [];
  const seen = new Set<string>();
  const visit = (name: string, version: string): void => {
    // An alias names the package itself; a link leads to another package of this repository, which is checked on its own.
    const key = lockfile.snapshots[version] ? version : `${name}@${version}`;
    if (version.startsWith('link:') || seen.has(key)) return;
    seen.add(key);
    const id = key.replace(/\(.*$/, '');
    const range = lockfile.packages[id]?.engines?.node;
    if (range !== undefined && !satisfies(oldest, range)) conflicts.push(`${id} needs Node ${range}, not ${oldest}`);
    const { dependencies, optionalDependencies } = lockfile.snapshots[key] ?? {};
    for (const next of Object.entries({ ...dependencies, ...optionalDependencies })) visit(...next);
  };
  for (const [name, { version }] of Object.entries(lockfile.importers[folder]?.dependencies ?? {})) {
    visit(name, version);
  }
  return conflicts;
}
