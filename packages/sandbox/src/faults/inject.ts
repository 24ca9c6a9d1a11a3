import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { SandboxState } from '../state.ts';
import type { FaultPhase, TransportFault } from './fault.ts';
import { type FaultAnswer, faultAnswer } from './fault-answer.ts';
import { truncated } from './truncated.ts';

/** Before anything is read: may answer or cut the connection, which ends the request. */
export async function injectBefore(state: SandboxState, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const fault = take(state, request, 'before');
  if (fault?.kind === 'quota') throw state.usage.usedUp();
  if (fault) await instead(fault, state, request, reply);
}

/** Between registering and signing: the caller continues and checks `reply.sent` before it answers. */
export async function injectWhileProcessing(
  state: SandboxState,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const fault = take(state, request, 'processing');
  if (fault) await instead(fault, state, request, reply);
}

/** The work is done and `payload` is its answer; returns what is sent in its place. */
export async function injectAfter(
  state: SandboxState,
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
): Promise<unknown> {
  // A refused request does not consume the fault; it waits for the next request.
  if (reply.statusCode >= 400 || request.answeredByFault) return payload;
  const fault = take(state, request, 'after');
  if (!fault) return payload;
  if (fault.kind === 'latency') await sleepUnlessClosing(fault.delayMs, state);
  if (fault.kind === 'drop') request.raw.socket.destroy();
  if (fault.kind === 'truncate') return truncated(payload, reply, request.raw.socket);
  const answer = faultAnswer(fault, request.routeOptions.config.target!);
  if (!answer) return payload;
  reply.removeHeader('content-length').removeHeader('content-type');
  write(answer, reply);
  return answer.body;
}

async function instead(
  fault: TransportFault,
  state: SandboxState,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  if (fault.kind === 'latency') return sleepUnlessClosing(fault.delayMs, state);
  if (fault.kind === 'drop') {
    reply.hijack();
    request.raw.socket.destroy();
    return;
  }
  const answer = faultAnswer(fault, request.routeOptions.config.target!);
  if (!answer) return;
  request.answeredByFault = true;
  write(answer, reply).send(answer.body);
}

function take(state: SandboxState, request: FastifyRequest, phase: FaultPhase): TransportFault | undefined {
  const { target } = request.routeOptions.config;
  const fault = target && state.faults.takeTransport(target, phase);
  if (fault) request.entry?.faults.push(fault.kind);
  return fault;
}

function write({ status, headers }: FaultAnswer, reply: FastifyReply): FastifyReply {
  return reply.code(status).headers(headers);
}

async function sleepUnlessClosing(delayMs: number, { closing }: SandboxState): Promise<void> {
  await sleep(delayMs, undefined, { signal: closing.signal }).catch(() => {});
}
