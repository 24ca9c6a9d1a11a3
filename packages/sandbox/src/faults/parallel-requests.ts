import type { FastifyReply } from 'fastify';
import { ApiError, apiErrors } from '../wire/api-error.ts';
import { errorAnswer, type FaultAnswer, withRetryAfter } from './fault-answer.ts';
import type { FaultQueue, FaultTarget } from './fault-queue.ts';

/** Counts sign requests under way, for faults that limit them. */
export class ParallelRequests {
  #underWay = 0;

  /** The refusal of a sign request beyond the limit; otherwise the request counts until its connection is done. */
  enter(target: FaultTarget, faults: FaultQueue, reply: FastifyReply): FaultAnswer | undefined {
    if (target.endpoint !== 'sign' && target.endpoint !== 'signMultipart') return undefined;
    const fault = faults.takeKind(target, 'parallel-limit');
    if (fault && this.#underWay >= fault.limit) {
      const { message, errorCode } = apiErrors.tooManyRequests();
      return withRetryAfter(
        errorAnswer(new ApiError(fault.status ?? 429, errorCode, message)),
        fault.retryAfterSeconds,
      );
    }
    this.#underWay += 1;
    reply.raw.once('close', () => {
      this.#underWay -= 1;
    });
    return undefined;
  }
}
