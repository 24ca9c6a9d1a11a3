import type { FastifyInstance } from 'fastify';
import { bearerCheck } from '../integration-service/bearer.ts';
import { signRoutes } from '../integration-service/sign-routes.ts';
import type { SandboxState } from '../state.ts';

/** The on-premise Proxy Client: the same sign API, without queries or storage. */
export async function proxyClient(app: FastifyInstance, { state }: { state: SandboxState }): Promise<void> {
  app.addHook('onRequest', bearerCheck(state.tokens));
  await app.register(signRoutes, { state, service: 'proxy' });
}
