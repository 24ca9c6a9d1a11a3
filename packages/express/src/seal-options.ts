import type { SignOneOptions } from '@signstash-connect/core';
import type { Request, Response } from 'express';

/** How a PDF is sealed: the core's options, without those that do not suit a PDF. */
export type PdfSealOptions = Omit<SignOneOptions, 'type' | 'xml' | 'contentType' | 'signal'>;

/** Options for every document, or a function that finds them for one request. */
export type SealChoice<Parameters extends unknown[] = [req: Request, res: Response]> =
  | PdfSealOptions
  | ((...parameters: Parameters) => PdfSealOptions | Promise<PdfSealOptions>);

export async function chooseOptions<Parameters extends unknown[]>(
  choice: SealChoice<Parameters> | undefined,
  ...parameters: Parameters
): Promise<PdfSealOptions> {
  return typeof choice === 'function' ? choice(...parameters) : (choice ?? {});
}
