import { createSignStash, SignStash, type SignStashOptions } from '@signstash-connect/core';
import type { Response } from 'express';
import { SealHttpError } from './errors/seal-http-error.ts';

/** A client, or the options to make one. */
export type ClientOption = SignStash | SignStashOptions;

/** @throws `ConfigurationError` naming the setting that is missing or wrong. */
export function openClient(option: ClientOption): SignStash {
  // By its methods, not its class: an application may hold a second copy of the core.
  return option instanceof SignStash || 'signMany' in option ? (option as SignStash) : createSignStash(option);
}

/** How a middleware finds its client: its own, else the one that `signstash()` put on the response. */
export function clientFinder(where: string, own: ClientOption | undefined): (res: Response) => SignStash {
  const client = own && openClient(own);
  return (res) => {
    const found = client ?? (res.signstash as SignStash | undefined);
    if (found !== undefined) return found;
    const message = `${where}() has no client.`;
    const hint = `Put app.use(signstash({ client })) before the route, or give ${where}({ client }).`;
    throw new SealHttpError('CLIENT_MISSING', 500, message, { hint });
  };
}
