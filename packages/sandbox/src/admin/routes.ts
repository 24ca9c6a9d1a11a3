import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Fault } from '../faults/fault.ts';
import { faultCatalog } from '../faults/fault-catalog.ts';
import type { UsageSettings } from '../integration-service/usage.ts';
import type { SandboxState } from '../state.ts';
import { readJson } from '../wire/read-body.ts';
import { createAdmin } from './admin.ts';

const help = `Admin API of the sandbox.

GET    /admin                     this text
GET    /admin/faults              kinds of faults with their settings
With the header "Authorization: Bearer ADMIN-TOKEN" (the sandbox prints the token when it starts):
POST   /admin/faults              add a fault, or a list of faults: {"kind":"rate-limit","endpoint":"sign","times":3}
DELETE /admin/faults              remove all faults
GET    /admin/counts              tokens, requests by endpoint, signatures in all and by reference, mails
GET    /admin/requests            latest requests: method, path, status, sizes, faults
GET    /admin/schema-violations   answers that do not conform to /openapi.json
POST   /admin/expire-tokens       refuse every token issued so far
PUT    /admin/usage               change the quota: {"limitUsageCount":100,"limitCurrentConsumption":99}
POST   /admin/reset               forget operations, counts, faults, tokens and requests
`;

/** {@link createAdmin} over HTTP, for tests whose sandbox is another process. */
export async function adminRoutes(app: FastifyInstance, { state }: { state: SandboxState }): Promise<void> {
  const admin = createAdmin(state);
  const authorized = { onRequest: tokenCheck(state.options.adminToken) };
  app.addContentTypeParser('application/json', (_request, _payload, done) => done(null));
  app.setErrorHandler((error: Error, _request, reply) => {
    const { statusCode } = error as { statusCode?: number };
    const status = error instanceof TypeError || error instanceof SyntaxError ? 400 : (statusCode ?? 500);
    return reply.code(status).send({ error: error.message });
  });

  app.get('/', async (_request, reply) => reply.type('text/plain; charset=utf-8').send(help));
  app.get('/faults', async () => faultCatalog);
  app.get('/counts', authorized, async () => admin.counts());
  app.get('/requests', authorized, async () => admin.requests());
  app.get('/schema-violations', authorized, async () => admin.schemaViolations());

  const act = (method: 'POST' | 'PUT' | 'DELETE', url: string, handle: (request: FastifyRequest) => unknown) =>
    app.route({
      method,
      url,
      ...authorized,
      handler: async (request, reply) => {
        await handle(request);
        return reply.code(204).send();
      },
    });
  act('POST', '/faults', async ({ raw }) => {
    const faults = await readJson(raw);
    admin.addFault(...((Array.isArray(faults) ? faults : [faults]) as Fault[]));
  });
  act('DELETE', '/faults', () => admin.clearFaults());
  act('POST', '/expire-tokens', () => admin.expireTokens());
  act('PUT', '/usage', async ({ raw }) => admin.setUsage((await readJson(raw)) as UsageSettings));
  act('POST', '/reset', () => admin.reset());
}

/** A web page cannot send this header to another site without a CORS preflight, and other local users do not know the token. */
function tokenCheck(adminToken: string) {
  const expected = Buffer.from(`Bearer ${adminToken}`);
  return async ({ headers }: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const given = Buffer.from(headers.authorization ?? '');
    if (given.length === expected.length && timingSafeEqual(given, expected)) return undefined;
    const error =
      'Send the header "Authorization: Bearer ADMIN-TOKEN" with the token that the sandbox printed at its start.';
    return reply.code(401).header('www-authenticate', 'Bearer').send({ error });
  };
}
