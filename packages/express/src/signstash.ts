import { ConfigurationError, optionsFromEnv, type ReferenceLock, type ResultStore } from '@signstash-connect/core';
import { ResultKeeper } from '@signstash-connect/core/adapter/node';
import type { RequestHandler } from 'express';
import { checkOptions, type Logger } from './options.ts';
import { type ClientOption, clientState, isClient, openClient } from './sign.ts';
import { signPdfOn } from './sign-pdf.ts';
import { createVerifier, type VerifyOptions } from './verify.ts';

/** `verify` applies to every middleware with the same client that does not set `verify` itself. */
export interface SignstashMiddlewareOptions extends VerifyOptions {
  /** A client, or the options to make one. Default: made from the SIGNSTASH_* environment variables. */
  client?: ClientOption;
  /**
   * Keeps every signed document, so that a repeated request is answered although the on-premise proxy stores nothing. Every
   * middleware with the same client uses it. Default: none.
   */
  resultStore?: ResultStore;
  /**
   * Prevents other processes from signing the same documents at the same time; for a client that is made here. Default: within
   * this process only. See core's `FileReferenceLock` and `RedisReferenceLock`.
   */
  referenceLock?: ReferenceLock;
  /** Receives warnings that no request fails for, such as a failing result store. */
  logger?: Logger;
}

/**
 * Gives every response `res.signPdf()` and `res.signstash`, and the application `app.locals.signstash`.
 *
 * @throws `ConfigurationError` at once, naming the setting that is missing or wrong.
 */
export function signstash(options: SignstashMiddlewareOptions = {}): RequestHandler {
  checkOptions('signstash', options, ['client', 'resultStore', 'referenceLock', 'logger', 'verify', 'trust']);
  const { resultStore, referenceLock, logger } = options;
  const verifier = createVerifier('signstash', options);
  const client = openClient(withReferenceLock(options.client ?? optionsFromEnv(process.env), referenceLock));
  if (resultStore !== undefined) {
    const warn = ({ code, message }: { code: string; message: string }) => logger?.warn(`${code}: ${message}`);
    clientState(client).keeper = new ResultKeeper(resultStore, warn);
  }
  if (verifier) clientState(client).verifier = verifier;
  return (req, res, next) => {
    req.app.locals.signstash ??= client;
    res.signstash = client;
    res.signPdf = signPdfOn(req, res, client);
    next();
  };
}

/** @throws {@link ConfigurationError} if the client exists already: its lock cannot be changed. */
function withReferenceLock(client: ClientOption, referenceLock: ReferenceLock | undefined): ClientOption {
  if (referenceLock === undefined) return client;
  if (!isClient(client)) return { ...client, referenceLock };
  const message = 'signstash.referenceLock has no effect on an existing client: give it to createSignStash() instead.';
  throw new ConfigurationError('CONFIGURATION_INVALID', 'signstash.referenceLock', message);
}
