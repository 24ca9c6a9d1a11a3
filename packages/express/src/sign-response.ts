import type { SignedDocument } from '@signstash-connect/core';
import type { Request, RequestHandler, Response } from 'express';
import { middlewareError, type SignHttpError, toHttpError } from './errors.ts';
import { checkOptions } from './options.ts';
import { dispositionName } from './read-upload.ts';
import { type Decision, ResponseCapture } from './response-capture.ts';
import { dropConditions, dropUnsignedHeaders } from './response-head.ts';
import {
  abortOnClose,
  createSigner,
  type PdfSignOptionsFor,
  requireSigned,
  resolveSignOptions,
  type SigningOptions,
  signedResponses,
} from './sign.ts';

export interface SignResponseOptions extends SigningOptions {
  /**
   * Which responses are signed; called once status and headers are known. Default: successful ones with a PDF type, and untyped
   * or `application/octet-stream` ones whose bytes are a PDF.
   */
  when?: (req: Request, res: Response) => boolean;
  /** How they are signed. */
  options?: PdfSignOptionsFor;
  /** Bytes; a larger PDF fails, because it is held in memory. Default 25 MiB. */
  maxBytes?: number;
  /** Called with each signed document before it is sent, for your records. An error it throws fails the response. */
  onSigned?: (document: SignedDocument, req: Request, res: Response) => void | Promise<void>;
}

/**
 * Signs the PDFs that the routes after it send, however they send them. If a PDF cannot be signed, the error handler responds:
 * unsigned bytes are never sent.
 */
export function signResponse(options: SignResponseOptions = {}): RequestHandler {
  const where = 'signResponse';
  checkOptions(where, options, ['client', 'when', 'options', 'maxBytes', 'onSigned', 'verify', 'trust'], ['maxBytes']);
  const { when, options: signOptions, maxBytes = 25 * 1024 * 1024, onSigned } = options;
  const signer = createSigner(where, options);

  return (req, res, next) => {
    dropConditions(req);
    sendBytesAsBytes(res);
    const disconnected = abortOnClose(res);
    const capture = new ResponseCapture(res, {
      maxBytes,
      decide: () => decide(req, res, when),
      onBody: (body) => {
        sign(body).catch((error) => capture.fail(toHttpError(error)));
      },
      onFailure: next,
    });
    disconnected.addEventListener('abort', () => capture.abandon());

    async function sign(content: Buffer): Promise<void> {
      // A 205 response without content is complete as it is.
      if (content.byteLength === 0 && res.statusCode === 205) return capture.release(content);
      const input = {
        content,
        name: dispositionName(res.getHeader('content-disposition')),
        options: await resolveSignOptions(signOptions, req, res),
      };
      const signed = requireSigned(await signer.sign(signer.findClient(res), [input], disconnected));
      await onSigned?.(signed, req, res);
      if (disconnected.aborted) return;
      signedResponses.add(res);
      capture.release(signed.content);
    }
    next();
  };
}

function decide(req: Request, res: Response, when: SignResponseOptions['when']): Decision {
  if (signedResponses.has(res)) return 'pass';
  try {
    const decision = when ? (when(req, res) ? 'keep' : 'pass') : decideByType(res);
    if (decision === 'pass') return 'pass';
    // Node sends no body with these. With 205 it does.
    if (req.method === 'HEAD' || res.statusCode === 204 || res.statusCode === 304) {
      dropUnsignedHeaders(res);
      return 'pass';
    }
    return findHeadError(res) ?? decision;
  } catch (error) {
    const message = 'signResponse(): the when option threw an error.';
    return middlewareError('OPTIONS_FAILED', message, undefined, error);
  }
}

/** Every media type in use for PDF: `application/pdf`, `application/x-pdf`, `application/acrobat`, `text/pdf`, … */
const pdfType = /^(?:application|text|image)\/(?:x-|vnd\.(?:adobe\.)?)?(?:pdf|acrobat)$/;

/** Types under which programs send a PDF without naming it; the first bytes decide. */
const genericTypes = ['', 'application/octet-stream', 'binary/octet-stream', 'application/force-download'];

function decideByType(res: Response): Decision {
  if (res.statusCode < 200 || res.statusCode > 299) return 'pass';
  const type = String(res.getHeader('content-type') ?? '')
    .split(';')[0]!
    .trim()
    .toLowerCase();
  if (pdfType.test(type)) return 'keep';
  return genericTypes.includes(type) ? 'inspect' : 'pass';
}

function findHeadError(res: Response): SignHttpError | undefined {
  if (res.statusCode === 206) {
    return middlewareError('RESPONSE_PARTIAL', 'A part of a PDF cannot be signed: send the whole file.');
  }
  const encoding = String(res.getHeader('content-encoding') ?? 'identity');
  if (encoding.toLowerCase() === 'identity') return undefined;
  const message = `A body with content encoding ${encoding} cannot be signed.`;
  const hint = 'Register compression() before signResponse().';
  return middlewareError('RESPONSE_ALREADY_ENCODED', message, hint);
}

/** Express 4 sends a Uint8Array, which PDF libraries return, as JSON: `{"0":37,…`. */
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
