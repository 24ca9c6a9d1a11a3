import {
  createSignStash,
  type DocumentContent,
  type DocumentInput,
  ResultKeeper,
  type ResultStore,
  type SignedDocument,
  type SignOneOptions,
  type SignOptions,
  type SignResult,
  SignStash,
  type SignStashOptions,
} from '@signstash-connect/core';
import type { Request, Response } from 'express';
import { SignHttpError } from './errors.ts';
import type { Logger } from './options.ts';

/** A client, or the options to make one. */
export type ClientOption = SignStash | SignStashOptions;

/** How a PDF is signed: core's options, without those that do not apply to a PDF. */
export type PdfSignOptions = Omit<SignOneOptions, 'type' | 'xml' | 'contentType' | 'signal'>;

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

/** Every middleware that uses a client also uses its result store. */
const resultKeepers = new WeakMap<SignStash, ResultKeeper>();

export function useResultStore(client: SignStash, store: ResultStore, logger: Logger | undefined): void {
  resultKeepers.set(client, new ResultKeeper(store, ({ code, message }) => logger?.warn(`${code}: ${message}`)));
}

/** @throws `ConfigurationError` naming the setting that is missing or wrong. */
export function openClient(option: ClientOption): SignStash {
  // By its methods, not its class: an application may contain a second copy of core.
  return option instanceof SignStash || 'signMany' in option ? (option as SignStash) : createSignStash(option);
}

/** Returns how a middleware finds its client: its own, else the one that `signstash()` put on the response. */
export function clientFinder(where: string, own: ClientOption | undefined): (res: Response) => SignStash {
  const client = own && openClient(own);
  return (res) => {
    const found = client ?? (res.signstash as SignStash | undefined);
    if (found !== undefined) return found;
    const hint = `Put app.use(signstash({ client })) before the route, or pass ${where}({ client }).`;
    throw new SignHttpError('CLIENT_MISSING', 500, `${where}() has no client.`, { hint });
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
}

const callOptions = ['description', 'preservation', 'lookUpFirst', 'timeoutMs'] as const;

/** Signs PDFs in one request to Sign'Stash, in the order given. The call's options are those of the first document. */
export function signPdfs(client: SignStash, inputs: readonly PdfInput[], call: SignCall): Promise<SignResult[]> {
  const keeper = resultKeepers.get(client);
  // With a result store the answer is kept although the caller has gone: through the proxy it is the only copy.
  const signals = [call.signal, keeper ? undefined : call.disconnected].filter((signal) => signal !== undefined);
  const first = inputs[0]?.options ?? {};
  const shared = callOptions.flatMap((name) => (first[name] === undefined ? [] : [[name, first[name]]]));
  const options: SignOptions = { ...Object.fromEntries(shared), signal: AbortSignal.any(signals) };
  const documents = inputs.map(toDocument);
  return keeper ? keeper.signMany(client, documents, options) : client.signMany(documents, options);
}

/** As {@link signPdfs}, for one document. @throws The error of a document that was not signed. */
export async function signOnePdf(client: SignStash, input: PdfInput, call: SignCall): Promise<SignedDocument> {
  const [result] = await signPdfs(client, [input], call);
  if (!result?.ok) throw result?.error;
  return result;
}

function toDocument({ content, name, options = {} }: PdfInput): DocumentInput<DocumentContent> {
  const { description: _, preservation: __, lookUpFirst: ___, timeoutMs: ____, ...document } = options;
  return { ...(name === undefined ? {} : { name }), ...document, type: 'PAdES', content };
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
