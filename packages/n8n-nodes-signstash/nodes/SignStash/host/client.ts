import {
  bytesSource,
  type ClientSettings,
  type DocumentInput,
  memoryStore,
  type PreparedDocument,
  type SignOptions,
  type SignResult,
  SignStashClient,
  signResult,
} from '@signstash-connect/core/client';
import type { IExecuteFunctions } from 'n8n-workflow';
import { type CredentialFields, endpointsOf } from './environment.ts';
import { platform } from './platform.ts';
import { N8nTransport } from './transport.ts';

export const credentialType = 'signStashOAuth2Api';

/** One client for one run of the node. */
export async function clientOf(context: IExecuteFunctions, settings: ClientSettings = {}): Promise<ItemClient> {
  const fields = await context.getCredentials<CredentialFields & Record<string, never>>(credentialType);
  return new ItemClient(
    {
      transport: new N8nTransport(context, credentialType),
      platform,
      endpoints: endpointsOf(fields),
      clientId: fields.clientId ?? '',
    },
    settings,
  );
}

/** Core's client by single documents: items of a workflow fail one by one, where `signMany` would refuse them all. */
export class ItemClient extends SignStashClient {
  /** Checks one document and gives it its reference; nothing is sent. */
  check(input: DocumentInput, position: number, options: SignOptions): Promise<PreparedDocument> {
    return this.prepare(input, position, options);
  }

  /** Seals what was checked, in one request; a result for every reference. */
  async sealChecked(documents: readonly PreparedDocument[], options: SignOptions): Promise<Map<string, SignResult>> {
    const results = new Map<string, SignResult>();
    await this.seal(documents, options, {
      store: memoryStore,
      openContent: bytesSource,
      onOutcome: (outcome) => results.set(outcome.document.reference, signResult(outcome)),
    });
    return results;
  }
}
