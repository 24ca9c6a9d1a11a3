import { mkdir, readdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { registryEnvironment, run } from '@signstash-connect/testing/registry';
import { pnpm } from './released-clone.ts';

export type Installer = 'npm' | 'pnpm';

/** An empty project that installs packages from the registry. */
export class Consumer {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.#env = env;
  }

  static async create(
    place: { work: string; registry: string },
    installer: Installer,
    packages: readonly string[],
  ): Promise<Consumer> {
    const name = `${installer}-${packages.join('-').replaceAll(/[^a-z0-9-]/g, '')}`.slice(0, 80);
    const folder = join(place.work, 'consumers', name);
    await mkdir(folder, { recursive: true });
    const env = await registryEnvironment(join(place.work, 'homes', name), place.registry);
    await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    // The n8n node's peer is all of n8n's workflow engine, which only n8n itself brings.
    if (installer === 'npm')
      await run('npm', ['install', '--legacy-peer-deps', ...quiet, ...packages], { cwd: folder, env });
    else await pnpm(folder, ['add', '--config.auto-install-peers=false', '--reporter=silent', ...packages], env);
    return new Consumer(await realpath(folder), env);
  }

  async write(path: string, content: string): Promise<void> {
    await writeFile(join(this.folder, path), content);
  }

  /** Runs a file of the project. */
  run(file: string, args: readonly string[] = [], node: string = process.execPath): Promise<string> {
    return run(node, [file, ...args], { cwd: this.folder, env: this.#env });
  }

  /** The real path of a package. */
  where(name: string): Promise<string> {
    return realpath(join(this.folder, 'node_modules', name));
  }

  /** Every link below node_modules. */
  async links(): Promise<string[]> {
    const entries = await readdir(join(this.folder, 'node_modules'), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isSymbolicLink()).map(({ parentPath, name }) => join(parentPath, name));
  }
}
