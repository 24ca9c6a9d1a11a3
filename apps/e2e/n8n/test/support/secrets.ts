import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sandbox } from '@signstash-connect/sandbox';
import type { N8n } from './n8n.ts';

/** Places where a secret or a token could appear: n8n's output, or its database, which contains all executions. */
export async function leaks(n8n: N8n, { clientId, clientSecret }: Sandbox): Promise<string[]> {
  const folder = join(n8n.folder, '.n8n');
  const databases = (await readdir(folder)).filter((name) => name.startsWith('database.sqlite'));
  if (databases.length === 0) throw new Error(`n8n keeps no database in ${folder}.`);
  const places = new Map([['output', n8n.printed]]);
  for (const name of databases) places.set(name, await readFile(join(folder, name), 'latin1'));
  const secrets = {
    'client secret': clientSecret,
    'encoded client secret': encodeURIComponent(clientSecret),
    'basic credentials': Buffer.from(`${clientId}:${clientSecret}`).toString('base64'),
  };
  return [...places].flatMap(([place, text]) => [
    ...Object.entries(secrets).flatMap(([name, secret]) => (text.includes(secret) ? [`${name} in ${place}`] : [])),
    ...(/eyJ[\w-]{10,}\.eyJ[\w-]{10,}\./.test(text) ? [`token in ${place}`] : []),
  ]);
}
