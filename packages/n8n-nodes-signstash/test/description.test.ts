import { readdir, readFile } from 'node:fs/promises';
import type { INodeProperties } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';
import { SignStashOAuth2Api } from '../credentials/SignStashOAuth2Api.credentials.ts';
import { SignStash } from '../nodes/SignStash/SignStash.node.ts';
import manifest from '../package.json' with { type: 'json' };

const { description } = new SignStash();
const shownFor = (resource: unknown, operation: unknown) =>
  description.properties.filter(({ displayOptions }) => {
    const { resource: resources, operation: operations } = displayOptions?.show ?? {};
    return (
      (!resources || resources.includes(resource as string)) &&
      (!operations || operations.includes(operation as string))
    );
  });
const optionNames = ({ options = [] }: INodeProperties) => options.map((option) => option.name);

describe('description', () => {
  it('hides from agents what binds or gives files', () => {
    const hidden = description.properties
      .flatMap(({ options = [] }) => options)
      .filter((option) => 'value' in option && option.displayOptions?.hide?.['@tool'])
      .map(({ name }) => name);
    expect(hidden).toEqual(['Document', 'Download Documents']);
  });

  it('uses the credential that the package brings', () => {
    expect(description.credentials?.map(({ name }) => name)).toEqual([new SignStashOAuth2Api().name]);
  });

  it('has the names that n8n looks for', () => {
    expect(manifest.n8n.nodes).toEqual([`dist/nodes/SignStash/${SignStash.name}.node.js`]);
    expect(manifest.n8n.credentials).toEqual([`dist/credentials/${SignStashOAuth2Api.name}.credentials.js`]);
  });
});

describe('example workflows', async () => {
  const folder = new URL('../examples/', import.meta.url);
  const names = await readdir(folder);

  it('are three', () => expect(names).toHaveLength(3));

  it.each(names)('%s sets only parameters that the node has', async (name) => {
    const workflow = JSON.parse(await readFile(new URL(name, folder), 'utf8')) as {
      nodes: { type: string; credentials?: unknown; parameters: Record<string, unknown> }[];
    };
    const ours = workflow.nodes.filter(({ type }) => type === `${manifest.name}.${description.name}`);
    expect(ours.length).toBeGreaterThan(0);
    for (const { parameters, credentials } of ours) {
      expect(credentials).toBeUndefined();
      const known = shownFor(parameters.resource, parameters.operation);
      for (const [key, value] of Object.entries(parameters)) {
        const property = known.find((candidate) => candidate.name === key);
        expect(property, key).toBeDefined();
        if (property?.type === 'collection') {
          expect(optionNames(property)).toEqual(expect.arrayContaining(Object.keys(value as object)));
        }
      }
    }
  });
});
