import { curlFlow } from './curl-flow.ts';
import { servicePaths } from './endpoints.ts';

/** The page for a browser. It shows no secret, because any local program can read it. */
export function landingPage(url: string): string {
  return `Sign'Stash Connect sandbox: a local stand-in for the Sign'Stash services.

Its seals are NOT qualified and have no legal value: only this machine knows its certificate authority.

  POST ${servicePaths.token}    tokens
       ${servicePaths.api}/api/v0/...            Integration Service
       ${servicePaths.proxy}/api/v0/...     on-premise proxy
  GET  /openapi.json    description of the API
  GET  /admin           admin API: faults, counts and requests

The whole flow, to paste into a shell:

${curlFlow({ tokenUrl: url + servicePaths.token, apiUrl: url + servicePaths.api })}`;
}
