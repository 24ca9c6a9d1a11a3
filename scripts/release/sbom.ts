// `node sbom.ts FOLDER`: a CycloneDX list of what is inside each package that is released, bundled code included.
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';

interface Manifest {
  name: string;
  version: string;
  license?: string;
  dependencies?: Record<string, string>;
}

type Part = Pick<Manifest, 'name' | 'version' | 'license'>;

const root = new URL('../..', import.meta.url).pathname;
const [folder] = process.argv.slice(2);
if (!folder) throw new Error('Usage: node sbom.ts FOLDER');

mkdirSync(folder, { recursive: true });
for (const directory of projects()) {
  const manifest = read(directory);
  const parts = new Map<string, Part>();
  for (const part of [...installed(directory), ...bundled(directory)]) parts.set(`${part.name}@${part.version}`, part);
  const file = join(folder, `${manifest.name.replace('/', '-').replace('@', '')}-${manifest.version}.cdx.json`);
  writeFileSync(file, `${serialized(manifest, [...parts.values()])}\n`);
  console.log(`${file}: ${parts.size} parts`);
}

function read(directory: string): Manifest {
  return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
}

/** Every package that is released: the public ones, and the action. */
function projects(): string[] {
  return ['packages', 'apps']
    .flatMap((top) => readdirSync(join(root, top)).map((name) => join(root, top, name)))
    .filter((directory) => existsSync(join(directory, 'package.json')) && read(directory).version !== undefined);
}

/** What an installation brings along. */
function* installed(directory: string, seen: Set<string> = new Set()): Generator<Part> {
  for (const dependency of Object.keys(read(directory).dependencies ?? {})) {
    const places = createRequire(join(directory, 'package.json')).resolve.paths(dependency) ?? [];
    const found = places.map((place) => join(place, dependency)).find((path) => existsSync(join(path, 'package.json')));
    if (!found) throw new Error(`${dependency} of ${directory} is not installed.`);
    const real = realpathSync(found);
    if (seen.has(real)) continue;
    seen.add(real);
    yield read(real);
    yield* installed(real, seen);
  }
}

/** What a bundle holds: core, and what its list of licences names. */
function bundled(directory: string): Part[] {
  const list = join(directory, 'dist/licenses.txt');
  if (!existsSync(list)) return [];
  const named = [...readFileSync(list, 'utf8').matchAll(/^(\S+) (\d\S*) \((.+)\)$/gm)];
  return [
    read(join(root, 'packages/core')),
    ...named.map(([, name = '', version = '', license = '']) => ({ name, version, license })),
  ];
}

function serialized(manifest: Manifest, parts: readonly Part[]): string {
  const own = component(manifest);
  const components = parts.map(component);
  for (const { bomRef } of components) own.dependencies.add(bomRef);
  const bom = new Models.Bom({ metadata: new Models.Metadata({ component: own }) });
  for (const each of components) bom.components.add(each);
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return serializer.serialize(bom, { sortLists: true, space: 2 });
}

function component({ name, version, license }: Part): Models.Component {
  const [group, local] = name.startsWith('@') ? (name.split('/') as [string, string]) : [undefined, name];
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const made = new Models.Component(Enums.ComponentType.Library, local, { group, version, purl, bomRef: purl });
  if (license) made.licenses.add(new Models.LicenseExpression(license));
  return made;
}
