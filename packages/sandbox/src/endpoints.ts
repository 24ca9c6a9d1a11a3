/** Every call a client can make, by the name that faults and counts use. */
export const endpointNames = [
  'token',
  'sign',
  'signMultipart',
  'operationId',
  'status',
  'detail',
  'documents',
  'resendMail',
] as const;

export type EndpointName = (typeof endpointNames)[number];

/** `saas`: the authorization server and the Integration Service. `proxy`: the on-premise Proxy Client. */
export type ServiceName = 'saas' | 'proxy';

/** Paths of the three services below the sandbox's address, as in the real service. */
export const servicePaths = {
  token: '/oauth2/authorization-server/oauth/token',
  api: '/signstash/einvoice-integration-ws',
  proxy: '/signstash/einvoice-integration-client-ws',
} as const;
