import { STATUS_CODES } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { FaultAnswer } from '../faults/fault-answer.ts';
import type { FaultTarget } from '../faults/fault-queue.ts';

/** Answers that Spring gives before a request reaches the service: unknown path, method or media type (inferred). */
export function springError(status: 404 | 405 | 415, { url }: FastifyRequest): FaultAnswer {
  const body = { timestamp: new Date().toISOString(), status, error: STATUS_CODES[status], path: url.split('?')[0] };
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

class NotAcceptableError extends Error {
  readonly statusCode = 406;
}

/** 406 for an `Accept` header that excludes what the endpoint answers. */
export function refuseUnacceptable({ headers }: FastifyRequest, { endpoint }: FaultTarget): void {
  const accepted = headers.accept?.split(',').map((range) => range.split(';')[0]!.trim().toLowerCase());
  const produced = endpoint === 'documents' ? ['application/zip', 'application/octet-stream'] : ['application/json'];
  const acceptable = ['*/*', 'application/*', ...produced];
  if (accepted && !accepted.some((range) => acceptable.includes(range))) throw new NotAcceptableError('Not acceptable');
}

/** The methods that each path of the services accepts, for 405. */
export class MethodCheck {
  readonly #routes: { pattern: RegExp; methods: string[] }[] = [];

  constructor(app: FastifyInstance) {
    app.addHook('onRoute', ({ url, method, config }) => {
      if (!config?.target) return;
      const pattern = new RegExp(`^${url.replace(/:\w+/g, '[^/]+')}/*$`);
      this.#routes.push({ pattern, methods: [method].flat() });
    });
  }

  /** The `Allow` header for a path that exists, but not with the method of the request. */
  allowedFor({ url }: FastifyRequest): string | undefined {
    const path = url.split('?')[0]!;
    const methods = this.#routes.filter(({ pattern }) => pattern.test(path)).flatMap((route) => route.methods);
    return methods.length > 0 ? [...new Set(methods)].join(', ') : undefined;
  }
}
