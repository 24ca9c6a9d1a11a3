import { fromEnv } from '@signstash-connect/core';
import type { RequestHandler } from 'express';
import { checkOptions } from './check-options.ts';
import { type ClientOption, openClient } from './client.ts';
import { signPdfOn } from './sign-pdf.ts';

export interface SignstashMiddlewareOptions {
  /** A client, or the options to make one. Default: made from the SIGNSTASH_* environment variables. */
  client?: ClientOption;
}

/**
 * Gives every response `res.signPdf()` and `res.signstash`, and the application `app.locals.signstash`.
 *
 * @throws `ConfigurationError` at once, naming the setting that is missing or wrong.
 */
export function signstash(options: SignstashMiddlewareOptions = {}): RequestHandler {
  checkOptions('signstash', options, ['client']);
  const client = options.client === undefined ? fromEnv() : openClient(options.client);
  return (req, res, next) => {
    req.app.locals.signstash ??= client;
    res.signstash = client;
    res.signPdf = signPdfOn(req, res, client);
    next();
  };
}
