import type { FastifyInstance } from 'fastify';
import type { Fault } from '../faults/fault.ts';
import type { UsageSettings } from '../integration-service/usage.ts';
import type { SandboxState } from '../state.ts';
import { apiErrors } from '../wire/api-error.ts';
import { readJson } from '../wire/read-body.ts';
import { createAdmin } from './admin.ts';

/** {@link createAdmin} over HTTP, for tests whose sandbox is another process. */
export async function adminRoutes(app: FastifyInstance, { state }: { state: SandboxState }): Promise<void> {
  const admin = createAdmin(state);
  app.addContentTypeParser('application/json', (_request, _payload, done) => done(null));

  app.get('/counts', async () => admin.counts());
  app.get('/requests', async () => admin.requests());
  app.post('/faults', async (request, reply) => {
    const faults = await readJson(request.raw);
    refuseTypeErrors(() => admin.addFault(...((Array.isArray(faults) ? faults : [faults]) as Fault[])));
    return reply.code(204).send();
  });
  app.delete('/faults', async (_request, reply) => {
    admin.clearFaults();
    return reply.code(204).send();
  });
  app.post('/expire-tokens', async (_request, reply) => {
    admin.expireTokens();
    return reply.code(204).send();
  });
  app.put('/usage', async (request, reply) => {
    admin.setUsage((await readJson(request.raw)) as UsageSettings);
    return reply.code(204).send();
  });
  app.post('/reset', async (_request, reply) => {
    admin.reset();
    return reply.code(204).send();
  });
}

function refuseTypeErrors(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (error instanceof TypeError) throw apiErrors.invalid(error.message);
    throw error;
  }
}
