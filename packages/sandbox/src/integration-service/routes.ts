import type { FastifyInstance } from 'fastify';
import type { SandboxState } from '../state.ts';
import { bearerCheck } from './bearer.ts';
import { consultRoutes } from './consult-routes.ts';
import { signRoutes } from './sign-routes.ts';

/** The SaaS: signs documents and answers queries. */
export async function integrationService(app: FastifyInstance, { state }: { state: SandboxState }): Promise<void> {
  app.addHook('onRequest', bearerCheck(state.tokens));
  await app.register(signRoutes, { state, service: 'saas' });
  await app.register(consultRoutes, { state });
}
