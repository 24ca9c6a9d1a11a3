import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { registryEnvironment, run } from '@signstash-connect/testing/registry';

const workspace = new URL('../../../../..', import.meta.url).pathname;

/** A clone with everything committed here, and its own installation. */
export async function cloneWorkspace(folder: string): Promise<string> {
  await run('git', ['clone', '--quiet', '--no-hardlinks', workspace, folder], { cwd: workspace });
  for (const [key, value] of Object.entries({ 'user.name': 'Release Test', 'user.email': 'release@example.com' })) {
    await run('git', ['config', key, value], { cwd: folder });
  }
  // Nothing may be pushed to the repository that it was cloned from.
  await run('git', ['remote', 'remove', 'origin'], { cwd: folder });
  await run('git', ['switch', '--quiet', '-C', 'main'], { cwd: folder });
  await pnpm(folder, ['install', '--frozen-lockfile', '--prefer-offline', '--reporter=silent']);
  return folder;
}

export const pnpm = (cwd: string, args: string[], env?: NodeJS.ProcessEnv): Promise<string> =>
  run(process.execPath, [join(workspace, 'scripts/pnpm.mjs'), ...args], { cwd, ...(env ? { env } : {}) });

/** What the pull request of a release holds, committed. */
export async function versionPackages(clone: string): Promise<void> {
  await run('npm', ['run', '--silent', 'version-packages'], { cwd: clone });
  await run('git', ['add', '--all'], { cwd: clone });
  await run('git', ['commit', '--quiet', '--message', 'Release'], { cwd: clone });
}

/** The packages that the registry lacks. */
export async function planned(clone: string, work: string, registry: string): Promise<unknown[]> {
  const file = join(work, 'publish-plan.json');
  const env = await registryEnvironment(join(work, 'publisher'), registry);
  await pnpm(clone, ['exec', 'changeset', 'publish-plan', '--output', file], env);
  return JSON.parse(await readFile(file, 'utf8')).plan;
}

/** As the jobs of the workflow do it: a plan, tarballs of what is in it, and from then on only these. */
async function publish(clone: string, work: string, registry: string): Promise<void> {
  const tarballs = join(work, 'tarballs');
  const env = await registryEnvironment(join(work, 'publisher'), registry);
  await planned(clone, work, registry);
  const pack = ['changeset', 'pack', '--from-publish-plan', join(work, 'publish-plan.json'), '--out-dir', tarballs];
  await pnpm(clone, ['exec', ...pack], env);
  await pnpm(clone, ['exec', 'changeset', 'publish', '--from-pack-dir', tarballs], env);
}

/** Versions, builds, publishes and tags, as the workflow does. */
export async function releasedClone(
  work: string,
  registry: string,
): Promise<{ clone: string; remote: string; versions: Record<string, string> }> {
  const remote = join(work, 'remote.git');
  await run('git', ['init', '--quiet', '--bare', '--initial-branch=main', remote], { cwd: work });
  const clone = await cloneWorkspace(join(work, 'clone'));
  await run('git', ['remote', 'add', 'origin', remote], { cwd: clone });
  await versionPackages(clone);
  await pnpm(clone, ['run', 'build']);
  await publish(clone, work, registry);
  await run('git', ['push', '--quiet', '--follow-tags', 'origin', 'main'], { cwd: clone });
  await run('git', ['push', '--quiet', '--tags', 'origin'], { cwd: clone });
  await run(process.execPath, ['scripts/release/action-tags.ts', 'origin'], { cwd: clone });
  return { clone, remote, versions: await versionsOf(clone) };
}

async function versionsOf(clone: string): Promise<Record<string, string>> {
  const versions: Record<string, string> = {};
  for (const top of ['packages', 'apps']) {
    for (const name of await readdir(join(clone, top))) {
      const path = join(clone, top, name, 'package.json');
      if (!existsSync(path)) continue;
      const manifest = JSON.parse(await readFile(path, 'utf8')) as { name: string; version?: string };
      if (manifest.version) versions[manifest.name] = manifest.version;
    }
  }
  return versions;
}
