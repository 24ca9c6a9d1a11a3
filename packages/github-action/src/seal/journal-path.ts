import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import type { Inputs } from '../inputs/inputs.ts';

/**
 * The journal that lets a second attempt in the same job go on where the first one stopped. Steps that seal elsewhere, or put the
 * same files somewhere else, have one each: what one of them finished says nothing to the other.
 */
export function journalPath(inputs: Inputs, { temporary, workspace }: Context): string {
  const { environment, clientId, inPlace, outputDirectory, suffix } = inputs;
  const purpose = JSON.stringify([environment, clientId, workspace, inPlace, outputDirectory, suffix]);
  const hash = createHash('sha256').update(purpose).digest('hex');
  return join(temporary, `signstash-${hash.slice(0, 16)}.jsonl`);
}
