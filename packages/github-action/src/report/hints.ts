import type { ErrorCode, SignStashError } from '@signstash-connect/core';

/** Where core's hint speaks of options and functions, the same in the words of the action's inputs. */
const hints: Partial<Record<ErrorCode, string>> = {
  INSECURE_URL: 'Use https, or set allow-insecure-http: true if this plain http address is inside your own network.',
  JOURNAL_UNUSABLE: 'Check that RUNNER_TEMP can be written, and that no other step signs at the same time.',
  CREDENTIALS_REFUSED:
    "Check two inputs: client-id must be the client service alias known in Sign'Stash, and client-secret the one defined in its backoffice.",
  TOKEN_REFUSED: 'Check that token-url and api-url belong to the same environment.',
  DOCUMENT_NOT_PDF: "Narrow 'files' to PDF files, or set signature-type to XAdES (XML) or CAdES.",
  DOCUMENT_NOT_XML: "Narrow 'files' to XML files, or set signature-type to PAdES or CAdES.",
  DOCUMENT_TOO_LARGE: 'Make the document smaller.',
  DUPLICATE_REFERENCE: 'Put {path} and {sha256} into external-reference.',
  REFERENCE_INVALID: 'Shorten external-reference: 255 characters are the most.',
  OUTPUT_EXISTS: 'Set overwrite: true, or choose another output-directory or suffix.',
  PAYLOAD_TOO_LARGE: 'The server refuses a request of this size: lower batch-size, or make the document smaller.',
  TIMEOUT: 'Run the job again, which asks for the document before sending it again, or raise timeout.',
  SERVICE_FAILED: 'Run the job again, which asks for the document before sending it again.',
  NETWORK_INTERRUPTED: 'Run the job again, which asks for the document before sending it again.',
  PROTOCOL_TRUNCATED: 'Run the job again, which asks for the document before sending it again.',
  ABORTED: 'Run the job again: documents signed in the meantime are retrieved, not signed again.',
};

export const hintFor = ({ code, hint }: SignStashError): string => hints[code] ?? hint;
