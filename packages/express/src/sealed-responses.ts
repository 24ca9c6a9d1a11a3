import type { Response } from 'express';

/** Responses whose body has its seal: an outer `signResponse()` must not seal, and pay, once more. */
export const sealedResponses = new WeakSet<Response>();
