import { getReleasePlan } from '@changesets/get-release-plan';
import type { NewChangeset, PackageJSON, VersionType } from '@changesets/types';
import { writeChangeset } from '@changesets/write';
import { getPackages } from '@manypkg/get-packages';

/** Packages that only tests import: they are part of no bundle. */
const neverBundled: ReadonlySet<string> = new Set(['@signstash-connect/sandbox', '@signstash-connect/testing']);

interface PlannedRelease {
  name: string;
  type: VersionType;
}

/**
 * The packages that ship a released package's code inside their own, and are not to be released themselves yet. Changesets follows
 * `dependencies` only: a bundle has what it ships in `devDependencies`, and would stay on the old code for ever.
 */
export function bundledReleases(releases: readonly PlannedRelease[], manifests: readonly PackageJSON[]): string[] {
  const released = new Set(releases.filter(({ type }) => type !== 'none').map(({ name }) => name));
  return manifests
    .filter(({ name, version }) => version !== undefined && !released.has(name))
    .filter(({ devDependencies = {} }) =>
      Object.entries(devDependencies).some(
        ([name, range]) => range.startsWith('workspace:') && released.has(name) && !neverBundled.has(name),
      ),
    )
    .map(({ name }) => name)
    .sort();
}

/** Adds a changeset for what {@link bundledReleases} finds. @returns The packages' names. */
export async function addBundledChangesets(root: string): Promise<string[]> {
  const { releases } = await getReleasePlan(root);
  const { packages } = await getPackages(root);
  const owed = bundledReleases(
    releases,
    packages.map(({ packageJson }) => packageJson),
  );
  if (owed.length > 0) {
    const changeset: NewChangeset['releases'] = owed.map((name) => ({ name, type: 'patch' }));
    await writeChangeset({ summary: 'Ships the current core.', releases: changeset }, root);
  }
  return owed;
}
