import type { FastifyRequest } from 'fastify';

/** Counts the bytes of a body. Call it in the same tick in which reading starts; otherwise the first bytes are missed. */
export function countBytes({ raw, entry }: FastifyRequest): void {
  raw.on('data', (chunk: Buffer) => {
    if (entry) entry.bytes += chunk.length;
  });
}
