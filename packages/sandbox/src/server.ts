import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { RequestLogEntry } from './admin/request-log.ts';
import { adminRoutes } from './admin/routes.ts';
import { OAuthError } from './authorization-server/oauth-error.ts';
import { authorizationServer } from './authorization-server/routes.ts';
import { servicePaths } from './endpoints.ts';
import { errorAnswer, type FaultAnswer, gatewayPage, oauthAnswer } from './faults/fault-answer.ts';
import type { FaultTarget } from './faults/fault-queue.ts';
import { injectAfter, injectBefore } from './faults/inject.ts';
import { integrationService } from './integration-service/routes.ts';
import { landingPage } from './landing-page.ts';
import { isLoopback } from './loopback.ts';
import { originCheck } from './origin-check.ts';
import { proxyClient } from './proxy/routes.ts';
import type { SandboxState } from './state.ts';
import { ApiError, apiErrors } from './wire/api-error.ts';
import { openApiText } from './wire/openapi.ts';
import { BodyTooLargeError } from './wire/read-body.ts';
import { MethodCheck, refuseUnacceptable, springError } from './wire/spring-errors.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set on the endpoints of the real services: faults apply to these, and they are counted. */
    target?: FaultTarget;
  }
  interface FastifyRequest {
    entry: RequestLogEntry | undefined;
    answeredByFault: boolean;
    /** A streamed answer without its contents, to validate it. */
    answerOutline: string | undefined;
  }
}

/** Faults of these kinds send answers that violate the description. */
const undocumentedFaults = ['html', 'empty', 'reject', 'server-error'];

/** Serves the three services, the admin API and the landing page on one port. */
export async function buildServer(state: SandboxState): Promise<FastifyInstance> {
  const app = fastify({
    forceCloseConnections: true,
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 2000 },
    bodyLimit: state.options.maxBodyBytes,
  });
  app.removeContentTypeParser(['application/json', 'text/plain']);
  app.decorateRequest('entry', undefined);
  app.decorateRequest('answeredByFault', false);
  app.decorateRequest('answerOutline', undefined);
  app.addHook('onRequest', originCheck(state.options.host));
  const methods = new MethodCheck(app);
  watch(app, state);
  app.setErrorHandler((error: FastifyError, request, reply) => send(answerTo(error, request), reply));
  app.setNotFoundHandler((request, reply) => {
    const allowed = methods.allowedFor(request);
    if (!allowed) return send(springError(404, request), reply);
    return send(springError(405, request), reply.header('allow', allowed));
  });

  app.get('/', async (_request, reply) => reply.type('text/plain; charset=utf-8').send(landingPage(state.url)));
  app.get('/openapi.json', async (_request, reply) => reply.type('application/json').send(openApiText));
  await app.register(authorizationServer, { state });
  await app.register(integrationService, { state, prefix: servicePaths.api });
  await app.register(proxyClient, { state, prefix: servicePaths.proxy });
  if (isLoopback(state.options.host)) await app.register(adminRoutes, { state, prefix: '/admin' });
  return app;
}

/** Logs and counts requests to the services, applies faults and validates the answers. */
function watch(app: FastifyInstance, state: SandboxState): void {
  app.addHook('onRequest', async (request, reply) => {
    if (request.url.startsWith('/admin')) return;
    const { target } = request.routeOptions.config;
    const entry = state.log.add(request.raw, target);
    request.entry = entry;
    if (!target) return;
    state.counts.requested(target.endpoint);
    const refusal = state.parallel.enter(target, state.faults, reply);
    if (refusal) {
      entry.faults.push('parallel-limit');
      return send(refusal, reply);
    }
    await injectBefore(state, request, reply);
    if (!reply.sent) refuseUnacceptable(request, target);
  });
  app.addHook('onSend', async (request, reply, payload) => {
    validateAnswer(state, request, reply, payload);
    return injectAfter(state, request, reply, payload);
  });
  app.addHook('onResponse', async ({ entry }, reply) => {
    if (!entry) return;
    entry.status = reply.statusCode;
    state.options.onRequest(structuredClone(entry));
  });
}

function validateAnswer(state: SandboxState, request: FastifyRequest, reply: FastifyReply, payload: unknown): void {
  const { entry, answerOutline } = request;
  if (!entry?.endpoint || entry.faults.some((kind) => undocumentedFaults.includes(kind))) return;
  const contentType = reply.getHeader('content-type');
  state.violations.check({
    method: request.method,
    path: request.url.split('?')[0]!,
    status: reply.statusCode,
    contentType: contentType === undefined ? undefined : String(contentType),
    body: answerOutline ?? (typeof payload === 'string' ? payload : undefined),
  });
}

function send(answer: FaultAnswer, reply: FastifyReply) {
  return reply
    .code(answer.status)
    .headers(answer.headers)
    .send(answer.body || undefined);
}

function answerTo(
  error: FastifyError | ApiError | OAuthError | BodyTooLargeError,
  request: FastifyRequest,
): FaultAnswer {
  if (error instanceof ApiError) return errorAnswer(error);
  if (error instanceof OAuthError) return oauthAnswer(error);
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500;
  if (error instanceof BodyTooLargeError || status === 413) return gatewayPage(413, 'Request Entity Too Large');
  if (status === 406) return { status, headers: {}, body: '' };
  if (status === 415) return springError(415, request);
  if (status < 500) return errorAnswer(apiErrors.invalid(error.message));
  return errorAnswer(apiErrors.unhandled(error.name));
}
