import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageFolder } from './packed-node.ts';
import { credentialReference, type Workflow } from './workflow.ts';

/**
 * An example workflow of the package as a user would have it after importing it: with the credential chosen and the paths set.
 *
 * @param files - The folder that stands for `/files`.
 */
export async function example(name: string, files = '/files'): Promise<Workflow> {
  const text = await readFile(join(packageFolder, 'examples', `${name}.json`), 'utf8');
  const workflow = JSON.parse(text.replaceAll('/files', files)) as Workflow;
  for (const node of workflow.nodes) {
    if (node.type === 'n8n-nodes-signstash.signStash') node.credentials = credentialReference;
  }
  return { ...workflow, id: name, active: false };
}
