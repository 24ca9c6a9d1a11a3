import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';

/** Long enough to send half an answer before the connection is cut. */
const headStartMs = 25;

/** The first half of an answer, after which the connection is cut. The headers announce all of it. */
export function truncated(payload: unknown, reply: FastifyReply, socket: Socket): Readable {
  if (payload instanceof Readable) {
    return Readable.from(firstHalf(payload, Number(reply.getHeader('content-length') ?? 0), socket));
  }
  const bytes = Buffer.from(String(payload));
  reply.header('content-length', bytes.length);
  return Readable.from(firstHalf(Readable.from([bytes]), bytes.length, socket));
}

async function* firstHalf(whole: Readable, declared: number, socket: Socket): AsyncGenerator<Buffer> {
  let left = Math.floor(declared / 2);
  for await (const chunk of whole as AsyncIterable<Buffer>) {
    // A stream of unknown length (a zip) is cut within its first piece.
    if (declared === 0) left = Math.floor(chunk.length / 2);
    const piece = chunk.subarray(0, left);
    left -= piece.length;
    yield piece;
    if (left <= 0) break;
  }
  await sleep(headStartMs);
  socket.destroy();
}
