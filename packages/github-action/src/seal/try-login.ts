import type { SignStash } from '@signstash-connect/core';
import type { Context } from '../context.ts';
import type { ReadyDocument } from '../documents/prepare-documents.ts';
import { canQuery } from '../inputs/environment.ts';
import type { Inputs } from '../inputs/inputs.ts';
import type { Runner } from '../runner.ts';

/** Asks one question, which needs a login and sends no document. @throws where either is refused. */
export async function checkLogin(
  signstash: SignStash | undefined,
  [first]: readonly ReadyDocument[],
  { environment }: Inputs,
  { runner, context }: { runner: Runner; context: Context },
): Promise<void> {
  if (!signstash) runner.info("The login was not tried: there is no 'client-secret'.");
  else if (!canQuery(environment)) runner.info("The login was not tried: there is no 'api-url' to ask.");
  else if (first) {
    await signstash.operations.idByReference(first.document.reference, { signal: context.signal });
    runner.info("The login works, and Sign'Stash answers.");
  }
}
