import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const declaration = /(?<=^export const version = ')[^']*(?=';$)/m;

/** Gives core's User-Agent the version of core's package.json, which no bundle of an adapter contains. */
export async function setUserAgentVersion(root: string): Promise<void> {
  const { version } = JSON.parse(await readFile(join(root, 'packages/core/package.json'), 'utf8')) as {
    version: string;
  };
  const path = join(root, 'packages/core/src/http/user-agent.ts');
  const source = await readFile(path, 'utf8');
  if (!declaration.test(source)) throw new Error(`${path} declares no version.`);
  await writeFile(path, source.replace(declaration, version));
}
