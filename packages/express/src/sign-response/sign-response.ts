import type { SignedDocument } from '@signstash-connect/core';
import { parse as parseDisposition } from 'content-disposition';
import type { Request, RequestHandler, Response } from 'express';
import { checkLimit, checkOptions } from '../check-options.ts';
import { type ClientOption, clientFinder } from '../client.ts';
import { abortOnClose } from '../client-gone.ts';
import { SealHttpError } from '../errors/seal-http-error.ts';
import { toHttpError } from '../errors/to-http-error.ts';
import { chooseOptions, type SealChoice } from '../seal-options.ts';
import { sealedResponses } from '../sealed-responses.ts';
import { dropConditions, dropUnsealedHeaders } from './entity-headers.ts';
import { ResponseCapture, type Verdict } from './response-capture.ts';

export interface SignResponseOptions {
  /** Default: the client of `signstash()`. */
  client?: ClientOption;
  /**
   * Which responses are sealed, asked once status and headers are known. Default: successful ones of type `application/pdf`,
   * and untyped or `application/octet-stream` ones whose bytes are a PDF's.
   */
  when?: (req: Request, res: Response) => boolean;
  /** How they are sealed. */
  options?: SealChoice;
  /** A larger PDF fails: it would have to be held in memory. Default 25 MiB. */
  maxBytes?: number;
  /** Told of each sealed document before it is sent, for your records. An error it throws fails the response. */
  onSealed?: (document: SignedDocument, req: Request, res: Response) => void | Promise<void>;
}

/**
 * Seals the PDFs that the routes after it send, by whatever means they send them. Where a PDF cannot be sealed the error
 * handler answers: unsealed bytes never leave.
 */
export function signResponse(options: SignResponseOptions = {}): RequestHandler {
  const where = 'signResponse';
  checkOptions(where, options, ['client', 'when', 'options', 'maxBytes', 'onSealed']);
  const { client, when, options: choice, maxBytes = 25 * 1024 * 1024, onSealed } = options;
  checkLimit(where, 'maxBytes', maxBytes);
  const findClient = clientFinder(where, client);

  return (req, res, next) => {
    dropConditions(req);
    sendBytesAsBytes(res);
    const gone = abortOnClose(res);
    const capture = new ResponseCapture(res, {
      maxBytes,
      judge: () => judge(req, res, when),
      onBody: (body) => {
        seal(body).catch((error) => capture.fail(toHttpError(error)));
      },
      onFailure: next,
    });
    gone.addEventListener('abort', () => capture.abandon());

    async function seal(body: Buffer): Promise<void> {
      const name = fileName(res);
      const own = await chooseOptions(choice, req, res);
      const sealed = await findClient(res).sign(body, {
        ...(name === undefined ? {} : { name }),
        ...own,
        type: 'PAdES',
        signal: gone,
      });
      await onSealed?.(sealed, req, res);
      if (gone.aborted) return;
      sealedResponses.add(res);
      capture.release(sealed.content);
    }
    next();
  };
}

function judge(req: Request, res: Response, when: SignResponseOptions['when']): Verdict {
  if (sealedResponses.has(res)) return 'pass';
  try {
    const verdict = when ? (when(req, res) ? 'keep' : 'pass') : byType(res);
    if (verdict === 'pass') return 'pass';
    if (req.method === 'HEAD' || [204, 205, 304].includes(res.statusCode)) {
      dropUnsealedHeaders(res);
      return 'pass';
    }
    return flawOfHead(res) ?? verdict;
  } catch (error) {
    const message = 'signResponse(): the when option threw an error.';
    return new SealHttpError('CONFIGURATION_INVALID', 500, message, { cause: error });
  }
}

/** Types under which programs send a PDF without saying so. */
const vagueTypes = ['', 'application/octet-stream', 'binary/octet-stream', 'application/force-download'];

function byType(res: Response): Verdict {
  if (res.statusCode < 200 || res.statusCode > 299) return 'pass';
  const type = String(res.getHeader('content-type') ?? '')
    .split(';')[0]!
    .trim()
    .toLowerCase();
  if (type === 'application/pdf' || type === 'application/x-pdf') return 'keep';
  return vagueTypes.includes(type) ? 'look' : 'pass';
}

function flawOfHead(res: Response): SealHttpError | undefined {
  if (res.statusCode === 206) {
    return new SealHttpError('RESPONSE_PARTIAL', 500, 'A part of a PDF cannot be sealed: answer with the whole file.');
  }
  const encoding = String(res.getHeader('content-encoding') ?? 'identity');
  if (encoding.toLowerCase() === 'identity') return undefined;
  return new SealHttpError(
    'RESPONSE_ALREADY_ENCODED',
    500,
    `A body in content encoding ${encoding} cannot be sealed.`,
    {
      hint: 'Register compression() before signResponse().',
    },
  );
}

/** Express 4 sends a Uint8Array, which is what PDF libraries give, as JSON: `{"0":37,…`. */
function sendBytesAsBytes(res: Response): void {
  const { send } = res;
  res.send = (body?: unknown) =>
    send.call(
      res,
      body instanceof Uint8Array && !Buffer.isBuffer(body)
        ? Buffer.from(body.buffer, body.byteOffset, body.byteLength)
        : body,
    );
}

/** The name the browser would save the file under. */
function fileName(res: Response): string | undefined {
  const header = res.getHeader('content-disposition');
  if (typeof header !== 'string') return undefined;
  try {
    return parseDisposition(header).parameters.filename || undefined;
  } catch {
    return undefined;
  }
}
