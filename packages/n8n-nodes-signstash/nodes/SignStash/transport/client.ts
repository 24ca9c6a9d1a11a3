import { type ClientSettings, SignStashClient } from '@signstash-connect/core/client';
import type { IExecuteFunctions } from 'n8n-workflow';
import { type CredentialFields, endpointsOf } from '../helpers/credential.ts';
import { N8nTransport } from './n8n-transport.ts';
import { platform } from './platform.ts';

const credentialType = 'signStashOAuth2Api';

/** One client for one execution of the node. */
export async function createClient(context: IExecuteFunctions, settings: ClientSettings): Promise<SignStashClient> {
  const fields = await context.getCredentials<CredentialFields & Record<string, never>>(credentialType);
  const transport = new N8nTransport(context, credentialType);
  const endpoints = endpointsOf(fields);
  return new SignStashClient({ transport, platform, endpoints, clientId: fields.clientId ?? '' }, settings);
}
