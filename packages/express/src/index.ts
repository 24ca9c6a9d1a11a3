/**
 * Sign'Stash seals for Express 4 and 5. Start at {@link signstash}.
 *
 * @module @signstash-connect/express
 */
import './augment-express.ts';

export type { ClientOption } from './client.ts';
export { type MiddlewareErrorCode, SealHttpError } from './errors/seal-http-error.ts';
export { type Health, type HealthcheckOptions, healthcheck } from './healthcheck.ts';
export { type Problem, type ProblemDetailsOptions, problemDetails } from './problem-details.ts';
export type { PdfSealOptions, SealChoice } from './seal-options.ts';
export type { SavablePdf, SignPdf, SignPdfOptions } from './sign-pdf.ts';
export { type SignResponseOptions, signResponse } from './sign-response/sign-response.ts';
export { type SignUploadOptions, signUpload, type UploadLimits } from './sign-upload/sign-upload.ts';
export { type SignstashMiddlewareOptions, signstash } from './signstash.ts';
