import type { FastifyRequest } from 'fastify';

/** Logs how much body arrives. To be called in the same turn as the reading begins, or the first bytes are lost. */
export function countBytes({ raw, entry }: FastifyRequest): void {
  raw.on('data', (chunk: Buffer) => {
    if (entry) entry.bytes += chunk.length;
  });
}
