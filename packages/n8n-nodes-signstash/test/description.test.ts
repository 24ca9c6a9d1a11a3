import { readdir, readFile } from 'node:fs/promises';
import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
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
/** Parameters and, in collections, those within. */
const flat = (properties: readonly INodeProperties[]): INodeProperties[] =>
  properties.flatMap((property) =>
    property.type === 'collection' ? [property, ...flat((property.options ?? []) as INodeProperties[])] : [property],
  );

/** Label and description of every field that users fill in, except for n8n's own lists and groups. */
function described(properties: readonly INodeProperties[]): [label: string, explanation: string][] {
  return flat(properties)
    .filter(({ name, type }) => type !== 'hidden' && name !== 'resource' && name !== 'operation')
    .filter(({ type }) => type !== 'collection')
    .map(({ displayName, description: text = '' }): [string, string] => [displayName, text])
    .concat(
      properties
        .filter(({ name }) => name === 'resource' || name === 'operation')
        .flatMap(({ options = [] }) => options as INodePropertyOptions[])
        .map(({ name, description: text = '' }) => [name, text]),
    );
}

const words = (text: string) => text.toLowerCase().match(/[a-z]+/g);
const optionNames = ({ options = [] }: INodeProperties) => options.map((option) => option.name);

describe('description', () => {
  it('lets agents query and resend, but neither sign nor handle files', () => {
    expect(description.usableAsTool).toBe(true);
    const forTools = ({ displayOptions }: Pick<INodeProperties, 'displayOptions'>) =>
      !displayOptions?.hide?.['@tool']?.includes(true);
    const [resource, ...more] = description.properties.filter((each) => each.name === 'resource' && forTools(each));
    expect(more).toEqual([]);
    expect(resource).toMatchObject({ default: 'operation', displayOptions: { show: { '@tool': [true] } } });
    expect(optionNames(resource as INodeProperties)).toEqual(['Operation']);
    const operations = shownFor('operation', undefined).find(({ name }) => name === 'operation')?.options ?? [];
    expect(operations.filter((each) => forTools(each as INodeProperties)).map(({ name }) => name)).toEqual([
      'Get',
      'Get by Document Reference',
      'Get Status',
      'Resend Delivery E-Mails',
    ]);
  });

  it('shows its operation as the title in the workflow', () => {
    const code = /^=\{\{(.+)\}\}$/.exec(description.subtitle ?? '')?.[1];
    const subtitle = (operation: string) => new Function('$parameter', `return ${code}`)({ operation });
    expect(subtitle('sign')).toBe('Sign document');
    expect(subtitle('getByReference')).toBe('Get operation by document reference');
  });

  it('uses the credential that the package brings', () => {
    expect(description.credentials?.map(({ name }) => name)).toEqual([new SignStashOAuth2Api().name]);
  });

  it('has the names that n8n expects', () => {
    expect(manifest.n8n.nodes).toEqual([`dist/nodes/SignStash/${SignStash.name}.node.js`]);
    expect(manifest.n8n.credentials).toEqual([`dist/credentials/${SignStashOAuth2Api.name}.credentials.js`]);
  });
});

describe('the texts of the node', () => {
  const texts = [...described(description.properties), ...described(new SignStashOAuth2Api().properties)];

  it.each(texts)('explain %s without repeating its name', (label, explanation) => {
    expect(explanation).toMatch(/^[A-Z].{9,}/);
    expect(words(explanation)).not.toEqual(words(label));
    // As n8n's guidelines want it: one sentence without a full stop, several with one each.
    expect(explanation.endsWith('.')).toBe(/[.] [A-Z]/.test(explanation));
    // Words that n8n asks to keep from users, as long as nothing has gone wrong.
    expect(explanation).not.toMatch(/\b(errors?|problems?|failures?|mistakes?)\b/i);
  });

  it('contain an example for each free-text field', () => {
    const placeholders = flat([...description.properties, ...new SignStashOAuth2Api().properties])
      .filter(({ type }) => type === 'string')
      .flatMap(({ placeholder = [] }) => placeholder);
    expect(placeholders.length).toBeGreaterThan(5);
    for (const placeholder of placeholders) expect(placeholder).toMatch(/^e\.g\. /);
  });

  it('describe each switch', () => {
    const switches = flat(description.properties).filter(({ type }) => type === 'boolean');
    expect(switches.length).toBeGreaterThan(4);
    for (const { description: text } of switches) expect(text).toMatch(/^Whether /);
  });
});

describe('coordinates of a visible seal', () => {
  const text = (parameter: string) => description.properties.find(({ name }) => name === parameter)?.description;

  it('are described from the left and the top edge, as the service measures them', () => {
    expect(text('sealX')).toMatch(/^Distance from the left edge .+ left edge of the seal/);
    expect(text('sealY')).toMatch(/^Distance from the top edge .+ top edge of the seal/);
    expect(JSON.stringify(description.properties)).not.toMatch(/lower (edge|left)|bottom/);
  });
});

describe('README', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const texts = [...described(description.properties), ...described(new SignStashOAuth2Api().properties)];

  it.each(texts)('documents %s', (label) => expect(readme).toContain(label));

  it('has the section that the credential dialog links to', () => {
    const { documentationUrl } = new SignStashOAuth2Api();
    expect(readme).toContain(`\n## ${new URL(documentationUrl).hash === '#credential' ? 'Credential' : '?'}\n`);
  });

  it('links to pictures and examples that exist, by addresses that hold on npm', async () => {
    const home =
      'https://raw.githubusercontent.com/signstash-connect/signstash-connect/main/packages/n8n-nodes-signstash/';
    const links = [...readme.matchAll(/(?:\]\(|src=")([^)"#][^)"]*)/g)].map(([, link = '']) => link);
    for (const link of links) expect(link).toMatch(/^https:/);
    const files = links.filter((link) => link.startsWith(home)).map((link) => link.slice(home.length));
    expect(files).toHaveLength(7);
    for (const file of files) await readFile(new URL(`../${file}`, import.meta.url));
  });
});

describe('pictures and codex', () => {
  const nodeFolder = new URL('../nodes/SignStash/', import.meta.url);
  const icons = [description.icon, new SignStashOAuth2Api().icon] as { light: string; dark: string }[];

  it.each(icons)('has a drawing for light and another for dark: $light', async ({ light, dark }) => {
    const files = await Promise.all(
      [light, dark].map((icon) => readFile(new URL(icon.replace(/^file:.*?([^/]+)$/, '$1'), nodeFolder), 'utf8')),
    );
    expect(new Set(files).size).toBe(2);
    for (const file of files) expect(file).toMatch(/^<svg [^>]*viewBox="0 0 60 60"/);
  });

  it('has a codex that names the node', async () => {
    const codex = JSON.parse(await readFile(new URL('SignStash.node.json', nodeFolder), 'utf8'));
    expect(codex.node).toBe(`${manifest.name}.${description.name}`);
    expect(Number(codex.nodeVersion)).toBe(description.version);
    expect(codex.categories).not.toHaveLength(0);
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
