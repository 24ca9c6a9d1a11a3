import type { SignResult, SignStash } from '@signstash-connect/core';
import type { SignPdf } from './sign-pdf.ts';

declare global {
  namespace Express {
    interface Response {
      /** The client, where `signstash()` runs before the route. */
      signstash: SignStash;
      /** Seals a PDF and sends it, where `signstash()` runs before the route. */
      signPdf: SignPdf;
    }
    interface Request {
      /** What became of each uploaded document, after `signUpload({ respond: false })`. */
      sealedFiles?: SignResult[];
    }
    interface Locals {
      /** The client that `signstash()` was given first, as `app.locals.signstash`. */
      signstash?: SignStash;
    }
  }
}
