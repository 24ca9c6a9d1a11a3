import {
  createSignStash,
  type DocumentContent,
  type DocumentInput,
  type SignedDocument,
  type SignOneOptions,
  type SignOptions,
  type SignResult,
  SignStash,
  type SignStashOptions,
} from '@signstash-connect/core';
import { HealthMonitor, type ResultKeeper } from '@signstash-connect/core/adapter/node';
import type { Request, Response } from 'express';
import { middlewareError } from './errors.ts';
import { createVerifier, type Verifier, type VerifyOptions } from './verify.ts';

/** A client, or the options to make one. */
export type ClientOption = SignStash | SignStashOptions;

/** How a PDF is signed: core's options, without those that do not apply to a PDF. */
export type PdfSignOptions = Omit<SignOneOptions, 'type' | 'xml' | 'contentType' | 'signal' | 'contentCheck'>;

/** Options for every document, or a function that returns them for one request. */
export type PdfSignOptionsFor<Parameters extends unknown[] = [req: Request, res: Response]> =
  | PdfSignOptions
  | ((...parameters: Parameters) => PdfSignOptions | Promise<PdfSignOptions>);

export async function resolveSignOptions<Parameters extends unknown[]>(
  options: PdfSignOptionsFor<Parameters> | undefined,
  ...parameters: Parameters
): Promise<PdfSignOptions> {
  return typeof options === 'function' ? options(...parameters) : (options ?? {});
}

/** Responses whose body is signed already: an outer `signResponse()` must not sign, and pay, again. */
export const signedResponses = new WeakSet<Response>();

/** What the middleware knows about a client, whichever of them uses it. */
export interface ClientState {
  /** Set by `signstash({ resultStore })`. */
  keeper?: ResultKeeper;
  /** Set by `signstash({ verify })`. */
  verifier?: Verifier;
  /** The on-premise proxy, if this package made the client. */
  proxyUrl?: string;
  /** Receives every result, for `healthcheck()`. */
  readonly monitor: HealthMonitor;
}

const states = new WeakMap<SignStash, ClientState>();

export function clientState(client: SignStash): ClientState {
  const state = states.get(client) ?? { monitor: new HealthMonitor(client) };
  states.set(client, state);
  return state;
}

/** By its methods, not its class: an application may contain a second copy of core. */
export const isClient = (option: ClientOption): option is SignStash =>
  option instanceof SignStash || 'signMany' in option;

/** @throws `ConfigurationError` naming the setting that is missing or wrong. */
export function openClient(option: ClientOption): SignStash {
  if (isClient(option)) return option;
  const client = createSignStash(option);
  const { environment } = option;
  if (typeof environment === 'object' && 'proxyUrl' in environment) clientState(client).proxyUrl = environment.proxyUrl;
  return client;
}

/** What middlewares that sign have in common. */
export interface SigningOptions extends VerifyOptions {
  /** Default: the client of `signstash()`. */
  client?: ClientOption;
}

/** How a middleware signs: with its own client and verification, else those of `signstash()`. */
export function createSigner(where: string, options: SigningOptions) {
  const verifier = createVerifier(where, options);
  return {
    findClient: clientFinder(where, options.client),
    sign: (client: SignStash, inputs: readonly PdfInput[], disconnected: AbortSignal) =>
      signPdfs(client, inputs, { disconnected, verifier }),
  };
}

/** Returns how a middleware finds its client: its own, else the one that `signstash()` put on the response. */
export function clientFinder(where: string, own: ClientOption | undefined): (res: Response) => SignStash {
  const client = own && openClient(own);
  return (res) => {
    const found = client ?? (res.signstash as SignStash | undefined);
    if (found !== undefined) return found;
    const hint = `Put app.use(signstash({ client })) before the route, or pass ${where}({ client }).`;
    throw middlewareError('CLIENT_MISSING', `${where}() has no client.`, hint);
  };
}

/** A PDF to sign, with its options. */
export interface PdfInput {
  content: DocumentContent;
  name?: string | undefined;
  options?: PdfSignOptions;
}

export interface SignCall {
  /** Aborted when the caller disconnects. */
  disconnected: AbortSignal;
  signal?: AbortSignal | undefined;
  /** Default: that of `signstash()`. */
  verifier?: Verifier | undefined;
}

/** Signs PDFs in one request to Sign'Stash, in the order given. The call's options are those of the first document. */
export async function signPdfs(client: SignStash, inputs: readonly PdfInput[], call: SignCall): Promise<SignResult[]> {
  const state = clientState(client);
  const { keeper, monitor } = state;
  // With a result store the answer is kept although the caller has gone: through the proxy it is the only copy.
  const signals = [call.signal, keeper ? undefined : call.disconnected].filter((signal) => signal !== undefined);
  const documents = inputs.map(({ content, name, options }) => {
    const own = { ...(name === undefined ? {} : { name }), ...options };
    return { ...own, type: 'PAdES', content } satisfies DocumentInput<DocumentContent>;
  });
  // What all documents of a request share; undefined is the client's own setting.
  const { description, preservation, lookUpFirst, timeoutMs } = inputs[0]?.options ?? {};
  const shared = { description, preservation, lookUpFirst, timeoutMs } as SignOptions;
  const contentCheck = await (call.verifier ?? state.verifier)?.();
  const options: SignOptions = {
    ...shared,
    ...(contentCheck && { contentCheck }),
    signal: AbortSignal.any(signals),
  };
  const results = await (keeper ? keeper.signMany(client, documents, options) : client.signMany(documents, options));
  monitor.record(results);
  return results;
}

/** The result of one document. @throws The error of a document that was not signed. */
export function requireSigned([result]: readonly SignResult[]): SignedDocument {
  if (!result?.ok) throw result?.error;
  return result;
}

/** Sends a signed PDF, which an outer `signResponse()` then passes on. */
export function sendPdf(res: Response, content: Uint8Array): void {
  signedResponses.add(res);
  res.setHeader('Content-Type', 'application/pdf');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  res.setHeader('Content-Length', content.byteLength);
  res.end(content);
}

/** Aborts when the caller disconnects before the response is complete, so that no work continues for a closed connection. */
export function abortOnClose(res: Response): AbortSignal {
  const controller = new AbortController();
  const abort = () => {
    if (!res.writableFinished) controller.abort(new Error('The caller closed the connection.'));
  };
  if (res.destroyed) abort();
  else res.once('close', abort);
  return controller.signal;
}
