import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The modules of a bundle by path, with the length of what the bundler kept. */
export type BundledModules = Record<string, { renderedLength: number }>;

/** The licences of all packages inside a bundle, as most of them demand; the same on every machine. */
export function bundledLicenses(...bundles: BundledModules[]): string {
  const packages = new Set<string>();
  for (const modules of bundles) {
    for (const [id, { renderedLength }] of Object.entries(modules)) {
      const found = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id.replaceAll('\\', '/'))?.[0];
      if (found && renderedLength > 0) packages.add(found);
    }
  }
  return [...packages]
    .map(notice)
    .sort()
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function notice(directory: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const file = readdirSync(directory).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  // Some packages leave the text out of what they publish; it is kept here as their repository has it.
  const path = file ? join(directory, file) : join(import.meta.dirname, 'licenses', `${name.replace('/', '-')}.txt`);
  if (!existsSync(path)) throw new Error(`${name} brings no licence text.`);
  return `${name} ${version} (${license})\n\n${readFileSync(path, 'utf8').replaceAll('\r', '').trim()}\n`;
}
