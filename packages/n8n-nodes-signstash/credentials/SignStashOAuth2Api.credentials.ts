import { endpoints } from '@signstash-connect/core/client';
import type { ICredentialTestRequest, ICredentialType, Icon, INodeProperties } from 'n8n-workflow';
import { addressExpression, nodeUserAgent } from '../nodes/SignStash/helpers/credential.ts';
import { describedParameters } from '../nodes/SignStash/helpers/parameters.ts';

const { choice, text, toggle } = describedParameters({
  clientId: "Alias of your client service in Sign'Stash",
  clientSecret: "Secret of the client service, as set in the Sign'Stash backoffice",
  environment: "Which Sign'Stash to use. Each has its own client ID and secret.",
  authorizationServer: 'Which service issues tokens and answers queries about operations',
  tokenUrl: 'Address at which the authorization server issues tokens',
  apiUrl: 'Base address of the Integration Service',
  proxyUrl: 'Address of the proxy that signs documents. Its usual path is added if you give none.',
  allowInsecureHttp: 'Whether to allow http on other machines. Tokens and documents then travel unencrypted.',
  saasSeesProxyDocuments:
    'Whether your operator confirms that look-ups at the SaaS find documents signed through the proxy. Documents that are not found after a lost answer are then sent again.',
});
const example = 'e.g. https://signstash.example.com';
const services = { production: 'Production', staging: 'Staging' };
const showFor = (...environment: string[]) => ({ displayOptions: { show: { environment } } });
const hidden = (displayName: string, name: string) => ({ displayName, name, type: 'hidden' as const });
const redirects = [301, 302, 303, 307, 308];
/** The API rejects a token with either. */
const tokenRefused = [401, 409];
const urlAdvice = 'check that the token URL and the API URL belong together.';
const unavailable = [500, 501, 502, 503, 504];

/** Client credentials; n8n requests the token, stores it encrypted, shares it between its workers and renews it after a 401. */
export class SignStashOAuth2Api implements ICredentialType {
  name = 'signStashOAuth2Api';

  extends = ['oAuth2Api'];

  displayName = "Sign'Stash OAuth2 API";

  icon: Icon = {
    light: 'file:../nodes/SignStash/signstash.svg',
    dark: 'file:../nodes/SignStash/signstash.dark.svg',
  };

  documentationUrl =
    'https://github.com/signstash-connect/signstash-connect/tree/main/packages/n8n-nodes-signstash#credential';

  properties: INodeProperties[] = [
    { ...hidden('Grant Type', 'grantType'), default: 'clientCredentials' },
    text('Client ID', 'clientId', { required: true, placeholder: 'e.g. PRT.500000000-PRT.500000000-7c0f…' }),
    text('Client Secret', 'clientSecret', { typeOptions: { password: true }, required: true }),
    choice(
      'Environment',
      'environment',
      {
        custom: ['Custom', 'Your own addresses, such as those of a local sandbox'],
        'on-premise': ['On-Premise Proxy', 'Documents go to the proxy in your network, everything else to the service'],
        production: ['Production', 'Signatures are binding and charged'],
        staging: ['Staging', 'For tests'],
      },
      { default: 'production' },
    ),
    choice('Service Behind the Proxy', 'authorizationServer', services, showFor('on-premise')),
    text('Token URL', 'tokenUrl', {
      ...{ required: true, placeholder: `${example}/oauth2/authorization-server/oauth/token`, ...showFor('custom') },
    }),
    text('API URL', 'apiUrl', {
      ...{ required: true, placeholder: `${example}/signstash/einvoice-integration-ws`, ...showFor('custom') },
    }),
    text('Proxy URL', 'proxyUrl', {
      ...{ placeholder: 'e.g. http://signstash.intranet:8080', ...showFor('on-premise', 'custom') },
    }),
    toggle('Allow Plain HTTP', 'allowInsecureHttp', showFor('on-premise', 'custom')),
    toggle('SaaS Finds Proxy Documents', 'saasSeesProxyDocuments', showFor('on-premise', 'custom')),
    { ...hidden('Access Token URL', 'accessTokenUrl'), default: addressExpression('tokenUrl', '$self') },
    { ...hidden('Scope', 'scope'), default: '' },
    { ...hidden('Authentication', 'authentication'), default: 'header' },
  ];

  /**
   * Looks up a document that does not exist. "Not found" means success: the token was issued, and the API accepted it. Wrong
   * credentials fail before that, with the authorization server's message.
   */
  test: ICredentialTestRequest = {
    request: {
      baseURL: addressExpression('queryUrl', '$credentials'),
      url: `/${endpoints.operationId('n8n-connection-test').path}`,
      headers: { 'User-Agent': nodeUserAgent },
      timeout: 30_000,
      disableFollowRedirect: true,
      ignoreHttpStatusErrors: { ignore: true, except: [...redirects, ...tokenRefused, 403, 405, ...unavailable] },
    },
    rules: [
      ...redirects.map((status) => rule(status, 'The API address answers with a redirect: it is not the API.')),
      ...tokenRefused.map((status) => rule(status, `The API refused a token that was just issued: ${urlAdvice}`)),
      rule(403, 'The API accepted the token but denies access to this client: ask your operator to allow it.'),
      rule(405, 'The API address does not answer queries: check that it is the Integration Service.'),
      ...unavailable.map((status) =>
        rule(status, `The service is currently unavailable (${status}): try again later.`),
      ),
      {
        type: 'responseSuccessBody',
        // n8n compares one property with one value: the first character of a text answer identifies a web page.
        properties: { key: '0', value: '<', message: 'The API address answers with a web page: it is not the API.' },
      },
    ] as NonNullable<ICredentialTestRequest['rules']>,
  };
}

const rule = (value: number, message: string) => ({ type: 'responseCode' as const, properties: { value, message } });
