import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';

const folder = new URL('../../recipes/', import.meta.url);

export const recipePath = (name: string): string => fileURLToPath(new URL(name, folder));

export const readRecipe = (name: string): string => readFileSync(recipePath(name), 'utf8');

export const readYaml = (name: string) => parse(readRecipe(name), { strict: true });

/** Each document of a YAML file. */
export function readYamlDocuments(name: string) {
  return parseAllDocuments(readRecipe(name)).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS();
  });
}

/** All files with slashes, such as `docker/Dockerfile`. */
export const recipeNames = (): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(fileURLToPath(folder), join(parentPath, name)).replaceAll(sep, '/'))
    .sort();
