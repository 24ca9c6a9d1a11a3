import { readFileSync } from 'node:fs';

/** The one source for the shapes on the wire: requests are validated against it, tests hold answers against it. */
export const openApiText = readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8');
