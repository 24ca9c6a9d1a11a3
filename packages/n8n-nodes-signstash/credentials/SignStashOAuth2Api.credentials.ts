import { endpoints } from '@signstash-connect/core/client';
import type { ICredentialTestRequest, ICredentialType, Icon, INodeProperties } from 'n8n-workflow';
import { addressExpression, nodeUserAgent } from '../nodes/SignStash/helpers/credential.ts';
import { choice, text, toggle } from '../nodes/SignStash/helpers/parameters.ts';

/** Client credentials; n8n gets the token, keeps it encrypted, shares it between its workers and renews it after a 401. */
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
    { displayName: 'Grant Type', name: 'grantType', type: 'hidden', default: 'clientCredentials' },
    text('Client ID', 'clientId', {
      description: "Alias of your client service in Sign'Stash",
      required: true,
      placeholder: 'e.g. PRT.500000000-PRT.500000000-7c0f…',
    }),
    text('Client Secret', 'clientSecret', {
      description: "Secret of the client service, as set in the Sign'Stash backoffice",
      typeOptions: { password: true },
      required: true,
    }),
    choice('Environment', 'environment', {
      description: "Which Sign'Stash to use. Each has its own client ID and secret.",
      choices: [
        ['Custom', 'custom', 'Your own addresses, such as those of a local sandbox'],
        ['On-Premise Proxy', 'onPremise', 'Documents go to the proxy in your network, everything else to the service'],
        ['Production', 'production', 'Signatures are binding and charged'],
        ['Staging', 'staging', 'For tests'],
      ],
      default: 'production',
    }),
    choice('Service Behind the Proxy', 'onPremiseService', {
      description: 'Which service issues tokens and answers queries about operations',
      choices: { production: 'Production', staging: 'Staging' },
      displayOptions: { show: { environment: ['onPremise'] } },
    }),
    text('Token URL', 'tokenUrl', {
      description: 'Address at which the authorization server issues tokens',
      required: true,
      placeholder: 'e.g. https://signstash.example.com/oauth2/authorization-server/oauth/token',
      displayOptions: { show: { environment: ['custom'] } },
    }),
    text('API URL', 'apiUrl', {
      description: 'Base address of the Integration Service',
      required: true,
      placeholder: 'e.g. https://signstash.example.com/signstash/einvoice-integration-ws',
      displayOptions: { show: { environment: ['custom'] } },
    }),
    text('Proxy URL', 'proxyUrl', {
      description: 'Address of the proxy that signs documents. Its usual path is added if you give none.',
      placeholder: 'e.g. http://signstash.intranet:8080',
      displayOptions: { show: { environment: ['onPremise', 'custom'] } },
    }),
    toggle('Allow Plain HTTP', 'allowInsecureHttp', {
      description: 'Whether to allow http on other machines. Tokens and documents then travel unencrypted.',
      displayOptions: { show: { environment: ['onPremise', 'custom'] } },
    }),
    toggle('SaaS Finds Proxy Documents', 'saasSeesProxyDocuments', {
      description:
        'Whether your operator confirms that look-ups at the SaaS find documents signed through the proxy. Documents that are not found after a lost answer are then sent again.',
      displayOptions: { show: { environment: ['onPremise', 'custom'] } },
    }),
    {
      displayName: 'Access Token URL',
      name: 'accessTokenUrl',
      type: 'hidden',
      default: addressExpression('tokenUrl', '$self'),
    },
    { displayName: 'Scope', name: 'scope', type: 'hidden', default: '' },
    { displayName: 'Authentication', name: 'authentication', type: 'hidden', default: 'header' },
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
      ignoreHttpStatusErrors: {
        ignore: true,
        except: [301, 302, 303, 307, 308, 401, 403, 405, 500, 501, 502, 503, 504],
      },
    },
    rules: [
      ...[301, 302, 303, 307, 308].map((status) =>
        rule(status, 'The API address answers with a redirect: it is not the API.'),
      ),
      rule(
        401,
        'The API refused a token that was just issued: check that the token URL and the API URL belong together.',
      ),
      rule(403, 'The API accepted the token but denies access to this client: ask your operator to allow it.'),
      rule(405, 'The API address does not answer queries: check that it is the Integration Service.'),
      ...[500, 501, 502, 503, 504].map((status) =>
        rule(status, `The service is currently unavailable (${status}): try again later.`),
      ),
      {
        type: 'responseSuccessBody',
        // n8n compares one property with one value: the first character of an answer that is text tells a web page.
        properties: { key: '0', value: '<', message: 'The API address answers with a web page: it is not the API.' },
      },
    ] as NonNullable<ICredentialTestRequest['rules']>,
  };
}

const rule = (value: number, message: string) => ({
  type: 'responseCode' as const,
  properties: { value, message },
});
