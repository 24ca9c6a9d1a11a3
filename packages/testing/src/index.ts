/**
 * Helpers that tests of several packages share. Depends on the sandbox only, so that every other package can use it.
 *
 * @module @signstash-connect/testing
 */
export { encryptedPdf, isSignedVersionOf, pdfs, simplePdf } from './pdf.ts';
export { type PdfSignature, type ProgramResult, pdfSignatures, runProgram, verifyCms } from './programs.ts';
export { accessTo, startTestSandbox } from './sandbox.ts';
export { temporaryFolder, writeFiles } from './temporary-folder.ts';
