import { resolveSettings, type SettingName, type SettingValues } from '@signstash-connect/core/adapter';
import { type ClientSettings, resolveEnvironment, SignStashClient } from '@signstash-connect/core/client';
import type { IExecuteFunctions } from 'n8n-workflow';
import { naming } from '../helpers/setting-names.ts';
import { N8nTransport } from './n8n-transport.ts';
import { platform } from './platform.ts';

const credentialType = 'signStashOAuth2Api';

/** The fields that the editor shows for an environment. It keeps the values of the others. */
const fieldsOf: Readonly<Record<string, readonly SettingName[]>> = {
  'on-premise': ['authorizationServer', 'proxyUrl', 'allowInsecureHttp', 'saasSeesProxyDocuments'],
  custom: ['tokenUrl', 'apiUrl', 'proxyUrl', 'allowInsecureHttp', 'saasSeesProxyDocuments'],
};

/** One client for one execution of the node. */
export async function createClient(context: IExecuteFunctions, settings: ClientSettings): Promise<SignStashClient> {
  const fields = (await context.getCredentials(credentialType)) as SettingValues;
  const transport = new N8nTransport(context, credentialType);
  const parts = { transport, platform, endpoints: getEndpoints(fields), clientId: String(fields.clientId ?? '') };
  return new SignStashClient(parts, settings);
}

/**
 * @param fields - The credential's fields, which have the names and values of core's settings.
 * @throws `SettingsError` naming the field that is missing or invalid.
 */
export function getEndpoints({ authorizationServer = 'production', ...others }: SettingValues) {
  const { environment, ...fields }: SettingValues = { authorizationServer, ...others };
  const shown = (fieldsOf[String(environment)] ?? []).map((name) => [name, fields[name as keyof typeof fields]]);
  const optional = ['clientId', 'clientSecret'] as const;
  const settings = resolveSettings({ environment, ...Object.fromEntries(shown) }, { ...naming, optional });
  return resolveEnvironment(settings.environment, { allowInsecureHttp: settings.allowInsecureHttp === true });
}
