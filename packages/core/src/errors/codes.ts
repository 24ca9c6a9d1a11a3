/** The fixed properties of an error code. The error table of the documentation is generated from this. */
export interface ErrorCodeFacts<F extends ErrorFamily = ErrorFamily> {
  /** The cause's family; every family has one error class. */
  readonly family: F;
  /** True if the same call may succeed later, unchanged. */
  readonly retryable: boolean;
  /** What to do next, in one sentence. */
  readonly hint: string;
}

export type ErrorFamily =
  | 'configuration'
  | 'credentials'
  | 'token'
  | 'validation'
  | 'rejected'
  | 'lookup'
  | 'document'
  | 'quota'
  | 'network'
  | 'timeout'
  | 'aborted'
  | 'protocol'
  | 'outcome';

const fact = <F extends ErrorFamily>(family: F, retryable: boolean, hint: string): ErrorCodeFacts<F> => ({
  family,
  retryable,
  hint,
});

/** Every stable error code, with its family, whether a retry may help, and what to do next. */
export const errorCodes = {
  CONFIGURATION_INVALID: fact('configuration', false, 'Correct the named setting and start again.'),
  CONFIGURATION_MISSING: fact(
    'configuration',
    false,
    'Set the named setting, as an option or as an environment variable.',
  ),
  INSECURE_URL: fact(
    'configuration',
    false,
    'Use https, or set allowInsecureHttp if this plain http address is inside your own network.',
  ),
  JOURNAL_UNUSABLE: fact('configuration', false, 'Use a journal path that this process can read and append to.'),
  CREDENTIALS_REFUSED: fact(
    'credentials',
    false,
    "Check two settings: the client id must be the client service alias known in Sign'Stash, and the client secret the one defined in its backoffice.",
  ),
  TOKEN_UNAVAILABLE: fact('token', true, 'The authorization server returned no usable token; try again later.'),
  TOKEN_REFUSED: fact(
    'token',
    false,
    'The API refused a token that had just been issued: check that the token URL and the API URL belong to the same environment, and on an on-premise proxy its setting einvoice-integration-client.service.domain.',
  ),
  NO_DOCUMENTS: fact('validation', false, 'Pass at least one document.'),
  TOO_MANY_DOCUMENTS: fact(
    'validation',
    false,
    'Send at most 99 documents in one request; signAll splits larger sets.',
  ),
  REQUEST_TOO_LARGE: fact('validation', false, 'Send fewer documents in one request; signAll splits larger sets.'),
  DOCUMENT_EMPTY: fact('validation', false, 'The document is empty: check the step that created it.'),
  DOCUMENT_NOT_PDF: fact('validation', false, 'PAdES signs PDF files only: use a PDF, or choose XAdES (XML) or CAdES.'),
  DOCUMENT_NOT_XML: fact('validation', false, 'XAdES signs XML files only: use an XML file, or choose PAdES or CAdES.'),
  DOCUMENT_ENCRYPTED: fact(
    'validation',
    false,
    'Remove the password or the restrictions from the PDF before signing it.',
  ),
  DOCUMENT_TOO_LARGE: fact('validation', false, 'Make the document smaller or raise maxDocumentBytes.'),
  DOCUMENT_UNREADABLE: fact('validation', false, 'Check that the file exists and that this process may read it.'),
  DOCUMENT_CHANGED: fact(
    'validation',
    false,
    'The file changed after it was checked: sign it once the program that writes it has finished.',
  ),
  DUPLICATE_REFERENCE: fact(
    'validation',
    false,
    'Give each document its own reference, or a distinct key where two documents have the same content.',
  ),
  REFERENCE_INVALID: fact(
    'validation',
    false,
    'Use letters, digits, dot, dash, underscore, colon or @ in references, at most 255 characters.',
  ),
  TEMPLATE_MISSING: fact(
    'validation',
    false,
    "Set the template text of the visible seal, or { service: true } for the service's own.",
  ),
  PLACEMENT_INVALID: fact(
    'validation',
    false,
    'Place the visible seal at { page, x, y }, { field } or { placeholder }.',
  ),
  APPEARANCE_INVALID: fact('validation', false, 'Correct the named property of the visible seal.'),
  SEAL_OPTIONS_CONFLICT: fact('validation', false, 'Remove the option that does not apply to this signature type.'),
  RECEIVER_INVALID: fact('validation', false, 'Correct the e-mail address.'),
  OUTPUT_EXISTS: fact('validation', false, 'Choose another output path, or allow overwriting.'),
  OUTPUT_PATH_INVALID: fact(
    'validation',
    false,
    'Shorten or change the file name: file systems accept names of up to 255 bytes without NUL characters.',
  ),
  SERVICE_REJECTED: fact('rejected', false, 'Correct the value that the message of the service names.'),
  ACCOUNT_REFUSED: fact(
    'rejected',
    false,
    "The licence, client service or issuer does not permit this: ask Sign'Stash support, with the error code and message. A new token does not help.",
  ),
  REFERENCE_TAKEN: fact(
    'rejected',
    false,
    'The external reference is used by an earlier request: look the document up by its reference.',
  ),
  NOT_FOUND: fact(
    'rejected',
    false,
    'The service does not know this operation: check the id or reference and the environment.',
  ),
  PAYLOAD_TOO_LARGE: fact(
    'rejected',
    false,
    'The server refuses a request of this size: lower the batch size or the document size.',
  ),
  RATE_LIMITED: fact('rejected', true, 'Too many requests: wait as long as the service asks and try again.'),
  SERVICE_UNAVAILABLE: fact('rejected', true, 'The service is unavailable: try again later.'),
  SERVICE_FAILED: fact(
    'rejected',
    true,
    'The service failed: look up the operation by document reference before sending again.',
  ),
  LOOKUP_FAILED: fact(
    'lookup',
    true,
    'The document was not sent: the service could not confirm whether an earlier run signed it. Run again when look-ups work, or set lookUpFirst to false for references that are new.',
  ),
  DOCUMENT_FAILED: fact(
    'document',
    false,
    'The service could not sign this document: see signError. To sign it again, give it a new reference or key.',
  ),
  DOCUMENT_PENDING: fact(
    'document',
    true,
    'The service has the document but has not signed it yet: look the operation up again later; do not send the document again.',
  ),
  CONTENT_UNAVAILABLE: fact(
    'document',
    false,
    'The document was signed, and counted, but its content cannot be fetched: use the copy already received, or sign it again under a new reference, which is charged again. Through the on-premise proxy, set a resultStore to keep results.',
  ),
  CONTENT_NOT_VALID: fact(
    'document',
    false,
    'The document was signed, and counted, but the returned content failed the check: do not use it and do not send the document again; fetch the operation again or ask the operator.',
  ),
  OUTPUT_FAILED: fact(
    'document',
    false,
    'The signed document could not be saved: fix the cause and run again. It will be retrieved, not signed or charged again.',
  ),
  REFERENCE_LOCKED: fact(
    'document',
    true,
    'Another process was signing this document: run again once it has finished. Nothing was sent by this process.',
  ),
  QUOTA_EXCEEDED: fact(
    'quota',
    false,
    "The contract's number of signatures is used up: ask your Sign'Stash operator to raise it.",
  ),
  NETWORK_UNREACHABLE: fact(
    'network',
    true,
    'No connection could be made: check the URL, the network and the proxy settings.',
  ),
  NETWORK_INTERRUPTED: fact(
    'network',
    true,
    'The connection broke: look up the operation by document reference before sending again.',
  ),
  TIMEOUT: fact(
    'timeout',
    true,
    'No answer in time: look up the operation by document reference before sending again, or raise the timeout.',
  ),
  ABORTED: fact('aborted', false, 'The caller stopped the call; documents already sent may still be signed.'),
  PROTOCOL_UNEXPECTED: fact(
    'protocol',
    false,
    'The answer is not what the API describes: check that the URL is the API and not a web page.',
  ),
  PROTOCOL_TRUNCATED: fact(
    'protocol',
    true,
    'The answer ended early: look up the operation by document reference before sending again.',
  ),
  OUTCOME_UNKNOWN: fact(
    'outcome',
    false,
    'Could not determine whether the listed references were signed: look them up before sending them again.',
  ),
} as const satisfies Record<string, ErrorCodeFacts>;

/** A stable error code; new ones may be added in minor releases, none is renamed or removed outside a major one. */
export type ErrorCode = keyof typeof errorCodes;

/** The codes of one family. */
export type ErrorCodeOf<F extends ErrorFamily> = {
  [C in ErrorCode]: (typeof errorCodes)[C]['family'] extends F ? C : never;
}[ErrorCode];
