import type { FastifyRequest } from 'fastify';
import { BodyTooLargeError } from '../wire/read-body.ts';

/** Refuses by the Content-Length, before anything is read. */
export function refuseTooLarge(maxBytes: number) {
  return async ({ headers }: FastifyRequest): Promise<void> => {
    if (Number(headers['content-length'] ?? 0) > maxBytes)
      throw new BodyTooLargeError(`body of more than ${maxBytes} bytes`);
  };
}
