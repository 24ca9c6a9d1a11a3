import {
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
import { type CredentialFields, endpointsOf } from '../helpers/credential.ts';
import { N8nTransport } from './n8n-transport.ts';
import { platform } from './platform.ts';

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

/** Core's client with the steps of `signMany` apart: `signMany` refuses all documents if one is invalid, but items fail separately. */
export class ItemClient extends SignStashClient {
  /** Checks one document and gives it its reference; nothing is sent. */
  check(input: DocumentInput, position: number, options: SignOptions): Promise<PreparedDocument> {
    return this.prepare(input, position, options);
  }

  /** Signs checked documents in one request; returns a result for every reference. */
  async signChecked(documents: readonly PreparedDocument[], options: SignOptions): Promise<Map<string, SignResult>> {
    const results = new Map<string, SignResult>();
    await this.seal(documents, options, {
      store: memoryStore,
      onOutcome: (outcome) => results.set(outcome.document.reference, signResult(outcome)),
    });
    return results;
  }
}
