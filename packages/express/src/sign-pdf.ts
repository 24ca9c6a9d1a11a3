import type { DocumentContent, SignedDocument, SignStash } from '@signstash-connect/core';
import { create as contentDisposition } from 'content-disposition';
import type { Request, Response } from 'express';
import { middlewareError, toHttpError } from './errors.ts';
import { abortOnClose, type PdfSignOptions, requireSigned, sendPdf, signPdfs } from './sign.ts';

/** A document of a PDF library, such as pdf-lib's. */
export interface SavablePdf {
  save(): Promise<Uint8Array>;
}

export interface SignPdfOptions extends PdfSignOptions {
  /** Name under which the browser saves the file; also the document's name at Sign'Stash. */
  filename?: string;
  /** Whether a browser shows the file or saves it. Default `inline`. */
  disposition?: 'inline' | 'attachment';
  /** Stops the call. A caller that disconnects stops it too, unless a result store is set. */
  signal?: AbortSignal;
}

/**
 * Signs a PDF and sends it.
 *
 * @param content - Bytes, a Blob, a path (never one that a caller may choose), a `file:` URL, a stream, or a document with `save()`.
 * @returns The signed document, for your records; undefined if nothing was sent: on HEAD, or after the caller disconnected.
 * @throws `SignHttpError`, before anything is sent.
 */
export type SignPdf = (
  content: DocumentContent | SavablePdf,
  options?: SignPdfOptions,
) => Promise<SignedDocument | undefined>;

export function signPdfOn(req: Request, res: Response, client: SignStash): SignPdf {
  return async (content, { filename, disposition, signal, ...options } = {}) => {
    if (res.headersSent) {
      throw middlewareError('RESPONSE_ALREADY_SENT', 'res.signPdf() was called after the response had begun.');
    }
    // Set last, so that the error handler finds the response unchanged.
    const setDisposition = () => {
      if (filename === undefined && disposition === undefined) return;
      res.setHeader('Content-Disposition', contentDisposition(filename, { type: disposition ?? 'inline' }));
    };
    if (req.method === 'HEAD') {
      setDisposition();
      res.type('pdf').set('X-Content-Type-Options', 'nosniff').end();
      return undefined;
    }
    const disconnected = abortOnClose(res);
    try {
      const bytes = typeof content === 'object' && 'save' in content ? await content.save() : content;
      const input = { content: bytes, name: filename, options };
      const signed = requireSigned(await signPdfs(client, [input], { disconnected, signal }));
      if (disconnected.aborted) return undefined;
      setDisposition();
      sendPdf(res, signed.content);
      return signed;
    } catch (error) {
      if (disconnected.aborted) return undefined;
      throw toHttpError(error);
    }
  };
}
