import type { DocumentContent, SignedDocument, SignStash } from '@signstash-connect/core';
import { create as contentDisposition } from 'content-disposition';
import type { Request, Response } from 'express';
import { abortOnClose } from './client-gone.ts';
import { SealHttpError } from './errors/seal-http-error.ts';
import { toHttpError } from './errors/to-http-error.ts';
import type { PdfSealOptions } from './seal-options.ts';
import { sealedResponses } from './sealed-responses.ts';

/** A PDF library's document, such as pdf-lib's. */
export interface SavablePdf {
  save(): Promise<Uint8Array>;
}

export interface SignPdfOptions extends PdfSealOptions {
  /** Name under which the browser saves the file; also the document's name at the service. */
  filename?: string;
  /** Whether a browser shows the file or saves it. Default `inline`. */
  disposition?: 'inline' | 'attachment';
  /** Stops the sealing; so does the caller hanging up. */
  signal?: AbortSignal;
}

/**
 * Seals a PDF and sends it.
 *
 * @param content - Bytes, a Blob, a path (never one that a caller may choose), a `file:` URL, a stream, or a document with `save()`.
 * @returns The sealed document, for your records; undefined where nothing was sealed: on HEAD, or after the caller hung up.
 * @throws `SealHttpError`, before anything is sent.
 */
export type SignPdf = (
  content: DocumentContent | SavablePdf,
  options?: SignPdfOptions,
) => Promise<SignedDocument | undefined>;

export function signPdfOn(req: Request, res: Response, client: SignStash): SignPdf {
  return async (content, { filename, disposition, signal, ...seal } = {}) => {
    if (res.headersSent) {
      const message = 'res.signPdf() came after the answer had begun.';
      throw new SealHttpError('RESPONSE_ALREADY_SENT', 500, message);
    }
    const head = { filename, disposition };
    if (req.method === 'HEAD') {
      setHead(res, head);
      res.end();
      return undefined;
    }
    const gone = abortOnClose(res);
    try {
      const sealed = await client.sign(await opened(content), {
        ...(filename === undefined ? {} : { name: filename }),
        ...seal,
        type: 'PAdES',
        signal: signal ? AbortSignal.any([signal, gone]) : gone,
      });
      if (gone.aborted) return undefined;
      setHead(res, head);
      res.setHeader('Content-Length', sealed.content.byteLength);
      sealedResponses.add(res);
      res.end(sealed.content);
      return sealed;
    } catch (error) {
      if (gone.aborted) return undefined;
      throw toHttpError(error);
    }
  };
}

interface DocumentHead {
  filename: SignPdfOptions['filename'] | undefined;
  disposition: SignPdfOptions['disposition'] | undefined;
}

/** Last of all, so that an error finds the response as it was. */
function setHead(res: Response, { filename, disposition }: DocumentHead): void {
  res.setHeader('Content-Type', 'application/pdf');
  res.setHeader('X-Content-Type-Options', 'nosniff');
  if (filename !== undefined || disposition !== undefined) {
    res.setHeader('Content-Disposition', contentDisposition(filename, { type: disposition ?? 'inline' }));
  }
}

const opened = async (content: DocumentContent | SavablePdf): Promise<DocumentContent> =>
  typeof content === 'object' && 'save' in content ? content.save() : content;
