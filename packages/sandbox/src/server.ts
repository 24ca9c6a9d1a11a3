import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { RequestLogEntry } from './admin/request-log.ts';
import { adminRoutes } from './admin/routes.ts';
import { OAuthError } from './authorization-server/oauth-error.ts';
import { authorizationServer } from './authorization-server/routes.ts';
import { servicePaths } from './endpoints.ts';
import { errorAnswer, type FaultAnswer, gatewayPage, oauthAnswer } from './faults/fault-answer.ts';
import type { FaultTarget } from './faults/fault-queue.ts';
import { injectAfter, injectBefore } from './faults/strike.ts';
import { integrationService } from './integration-service/routes.ts';
import { landingPage } from './landing-page.ts';
import { proxyClient } from './proxy/routes.ts';
import type { SandboxState } from './state.ts';
import { ApiError, apiErrors } from './wire/api-error.ts';
import { openApiText } from './wire/openapi.ts';
import { BodyTooLargeError } from './wire/read-body.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set on the endpoints of the real services: these can be struck by faults and are counted. */
    target?: FaultTarget;
  }
  interface FastifyRequest {
    entry: RequestLogEntry | undefined;
    answeredByFault: boolean;
  }
}

/** Puts the three services, the admin API and the landing page behind one port. */
export async function buildServer(state: SandboxState): Promise<FastifyInstance> {
  const app = fastify({
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2000 },
    bodyLimit: state.options.maxBodyBytes,
  });
  app.removeContentTypeParser(['application/json', 'text/plain']);
  app.decorateRequest('entry', undefined);
  app.decorateRequest('answeredByFault', false);
  watch(app, state);
  app.setErrorHandler((error: FastifyError, _request, reply) => send(answerTo(error), reply));
  app.setNotFoundHandler((request, reply) => reply.code(404).send(springNotFound(request)));

  app.get('/', async (_request, reply) => reply.type('text/plain').send(landingPage));
  app.get('/openapi.json', async (_request, reply) => reply.type('application/json').send(openApiText));
  await app.register(authorizationServer, { state });
  await app.register(integrationService, { state, prefix: servicePaths.api });
  await app.register(proxyClient, { state, prefix: servicePaths.proxy });
  if (isLoopback(state.options.host)) await app.register(adminRoutes, { state, prefix: '/admin' });
  return app;
}

/** Logs and counts what arrives at the services, and lets faults strike. */
function watch(app: FastifyInstance, state: SandboxState): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.url.startsWith('/admin')) return;
    const { target } = request.routeOptions.config;
    const entry = state.log.add(request.raw, target);
    request.entry = entry;
    if (!target) return;
    state.counts.requested(target.endpoint);
    await injectBefore(state, request, reply);
  });
  app.addHook('onSend', (request, reply, payload) => injectAfter(state, request, reply, payload));
  app.addHook('onResponse', async (request, reply) => {
    if (request.entry) request.entry.status = reply.statusCode;
  });
}

function send(answer: FaultAnswer, reply: FastifyReply) {
  return reply.code(answer.status).headers(answer.headers).send(answer.body);
}

function answerTo(error: FastifyError | ApiError | OAuthError | BodyTooLargeError): FaultAnswer {
  if (error instanceof ApiError) return errorAnswer(error);
  if (error instanceof OAuthError) return oauthAnswer(error);
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500;
  if (error instanceof BodyTooLargeError || status === 413) return gatewayPage(413, 'Request Entity Too Large');
  if (status === 415 || status === 406) return errorAnswer(apiErrors.unsupportedMediaType('as sent'));
  if (status < 500) return errorAnswer(apiErrors.invalid(error.message));
  return errorAnswer(new ApiError(500, 'INTERNAL_ERROR', 'Internal error', error.name));
}

/** What a Spring Boot application says about a path it does not know. */
function springNotFound({ url }: FastifyRequest) {
  return { timestamp: new Date().toISOString(), status: 404, error: 'Not Found', path: url.split('?')[0] };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
