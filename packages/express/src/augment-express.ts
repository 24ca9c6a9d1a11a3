import type { SignResult, SignStash } from '@signstash-connect/core';
import type { SignPdf } from './sign-pdf.ts';

declare global {
  namespace Express {
    interface Response {
      /** The client, if `signstash()` runs before the route. */
      signstash: SignStash;
      /** Signs a PDF and sends it, if `signstash()` runs before the route. */
      signPdf: SignPdf;
    }
    interface Request {
      /** The result of each uploaded document, after `signUpload({ respond: false })`. */
      signedFiles?: SignResult[];
    }
    interface Locals {
      /** The client of the first `signstash()`. */
      signstash?: SignStash;
    }
  }
}
