import { readFileSync } from 'node:fs';

/** The reconstructed description of the API: requests and the sandbox's own answers are validated against it. */
export const openApiText = readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8');

/** As far as answers are looked up in it. */
export interface OpenApi {
  paths: Record<string, Record<string, { responses?: Record<string, unknown> }>>;
  components: { schemas: Record<string, object>; responses: Record<string, unknown> };
}

export const openApi = JSON.parse(openApiText) as OpenApi;
