/**
 * Qualified electronic seals from Sign'Stash for Express 4 and 5. Start at {@link signstash}.
 *
 * @module @signstash-connect/express
 */
import './augment-express.ts';

export type { Health, UploadedFile, UploadLimits } from '@signstash-connect/core/adapter/node';
export { type MiddlewareErrorCode, SignHttpError } from './errors.ts';
export { type HealthcheckOptions, healthcheck } from './healthcheck.ts';
export type { Logger } from './options.ts';
export { type Problem, type ProblemDetailsOptions, problemDetails } from './problem-details.ts';
export type { ClientOption, PdfSignOptions, PdfSignOptionsFor } from './sign.ts';
export type { SavablePdf, SignPdf, SignPdfOptions } from './sign-pdf.ts';
export { type SignResponseOptions, signResponse } from './sign-response.ts';
export { type SignUploadOptions, signUpload } from './sign-upload.ts';
export { type SignstashMiddlewareOptions, signstash } from './signstash.ts';
export type { VerifyOptions } from './verify.ts';
