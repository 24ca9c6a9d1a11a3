import { servicePaths } from './endpoints.ts';

/** What somebody who opens the sandbox in a browser should know. */
export const landingPage = `Sign'Stash Connect sandbox: a local stand-in for the Sign'Stash services.

Its seals are NOT qualified and have no legal value: nobody but this machine trusts its certificate authority.

  POST ${servicePaths.token}    tokens
       ${servicePaths.api}/api/v0/...            Integration Service
       ${servicePaths.proxy}/api/v0/...     on-premise proxy
  GET  /openapi.json    the wire, described
       /admin/...       faults, counts and the request log (see the README)
`;
