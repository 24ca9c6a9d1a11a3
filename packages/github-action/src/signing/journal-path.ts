import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import type { Inputs } from '../inputs/inputs.ts';

/**
 * The journal that lets a second attempt in the same job continue where the first one stopped. Steps that use another service,
 * or write to another place, have separate journals.
 */
export function journalPath(inputs: Inputs, { temporary, workspace }: Context): string {
  const { environment, clientId, inPlace, outputDirectory, suffix } = inputs;
  const purpose = JSON.stringify([environment, clientId, workspace, inPlace, outputDirectory, suffix]);
  const hash = createHash('sha256').update(purpose).digest('hex');
  return join(temporary, `signstash-${hash.slice(0, 16)}.jsonl`);
}
