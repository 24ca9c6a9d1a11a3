import { resolveEnvironment, type SignStash } from '@signstash-connect/core';
import type { Context } from '../context.ts';
import type { ReadyDocument } from '../documents/prepare-documents.ts';
import type { Inputs } from '../inputs/inputs.ts';
import type { Runner } from '../runner.ts';

/** Sends one query, which needs a login and transfers no document. @throws if the login or the query is refused. */
export async function checkLogin(
  signstash: SignStash | undefined,
  [first]: readonly ReadyDocument[],
  { environment, allowInsecureHttp }: Inputs,
  { runner, context }: { runner: Runner; context: Context },
): Promise<void> {
  const { queryUrl } = resolveEnvironment(environment, { allowInsecureHttp });
  if (!signstash) runner.info("The login was not tried: 'client-secret' is not set.");
  else if (!queryUrl) runner.info("The login was not tried: 'api-url' is not set.");
  else if (first) {
    await signstash.operations.idByReference(first.document.reference, { signal: context.signal });
    runner.info("The login works, and Sign'Stash answers.");
  }
}
