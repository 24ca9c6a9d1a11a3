import type { FastifyReply, FastifyRequest } from 'fastify';
import { isLoopback } from './loopback.ts';

/**
 * Refuses requests that a web page in the user's browser could send. A sandbox on a loopback address accepts only loopback names as
 * `Host`: otherwise a page could give its own name the address 127.0.0.1 (DNS rebinding) and read every document. No
 * sandbox takes a request with the `Origin` of another site.
 */
export function originCheck(listenHost: string) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const { host = '', origin } = request.headers;
    const hostname = host.replace(/:\d*$/, '');
    if (isLoopback(listenHost) && !isLoopback(hostname) && hostname !== listenHost) {
      return refuse(reply, `Host "${hostname}" is not allowed: call the sandbox at ${listenHost}.`);
    }
    if (origin !== undefined && origin !== `http://${host}`) {
      return refuse(reply, `Origin "${origin}" is not allowed: the sandbox does not serve other web sites.`);
    }
    return undefined;
  };
}

function refuse(reply: FastifyReply, message: string) {
  return reply.code(403).type('text/plain').send(`${message}\n`);
}
