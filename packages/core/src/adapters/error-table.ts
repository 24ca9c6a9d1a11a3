import type { ErrorCode, ErrorFamily } from '../errors/codes.ts';

/** Finds the platform's name of a setting, or undefined if it has none. */
export type Lookup = (setting: string) => string | undefined;

/** Texts and status of a code, the same on every platform. */
export interface ErrorTexts {
  title: string;
  /** Default: the hint of core's table. Functions are for hints that name settings. */
  hint?: (name: Lookup, again: string) => string;
  /** Status to answer with over HTTP; default by family. */
  httpStatus?: number;
}

const or = (name: Lookup, settings: readonly string[], before: string, after = ''): string => {
  const known = settings.flatMap((setting) => name(setting) ?? []);
  return known.length === 0 ? '' : `${before}${known.join(' or ')}${after}`;
};
const again = (_: Lookup, advice: string) => advice;

/**
 * What an error means to the caller of *your* server. Your credentials, contract and network are not the caller's fault, so they
 * are 5xx even if the service answered 4xx.
 */
export const httpStatusByFamily: Readonly<Record<ErrorFamily, number>> = {
  configuration: 500,
  credentials: 502,
  token: 502,
  validation: 422,
  rejected: 502,
  document: 502,
  quota: 503,
  network: 502,
  timeout: 504,
  aborted: 503,
  protocol: 502,
  outcome: 502,
  lookup: 502,
};

export const titleByFamily: Readonly<Record<ErrorFamily, string>> = {
  configuration: 'A setting is missing or wrong',
  credentials: "Sign'Stash refused the credentials",
  token: 'No access token could be obtained',
  validation: 'The document or an option cannot be used',
  rejected: "Sign'Stash refused the request",
  document: 'The document was not signed',
  quota: 'The signature quota is used up',
  network: "Sign'Stash could not be reached",
  timeout: "Sign'Stash did not answer in time",
  aborted: 'Signing was cancelled',
  protocol: "The answer of Sign'Stash could not be read",
  outcome: 'Could not determine whether the document was signed',
  lookup: 'The document could not be looked up, so it was not sent',
};

/** Details that are safe to show to the caller of a server: they mention no address, setting or answer of the service. */
export const publicDetails: Readonly<Record<number, string>> = {
  404: 'The signing service does not have this operation or document.',
  413: 'The document is too large to be signed.',
  422: 'The signing service refused the document.',
  500: 'This server is not set up correctly for signing; the same request will fail until that is fixed.',
  502: 'The signing service refused the request or returned no usable answer.',
  503: 'Documents cannot be signed at the moment; try again later.',
  504: 'The document may have been signed; send the same request again to find out.',
};

/** Texts by code. A code that is not here has its family's title and core's hint. */
export const errorTexts: Readonly<Partial<Record<ErrorCode, ErrorTexts>>> = {
  CONFIGURATION_INVALID: { title: 'A setting is wrong', hint: () => 'Correct the named setting and try again.' },
  CONFIGURATION_MISSING: { title: 'A setting is missing', hint: () => 'Set the named setting and try again.' },
  INSECURE_URL: {
    title: 'An address is not encrypted',
    hint: (name) =>
      `Use https${or(name, ['allowInsecureHttp'], ', or set ', ' if this address is inside your own network')}.`,
  },
  JOURNAL_UNUSABLE: {
    title: 'The journal cannot be used',
    hint: (name) =>
      `Check that ${name('journal') ?? 'the journal'} can be written and that no other process uses it at the same time.`,
  },
  CREDENTIALS_REFUSED: {
    title: "Sign'Stash refused the credentials",
    hint: (name) =>
      `Check two settings: ${name('clientId') ?? 'the client ID'} must be the client service alias known in Sign'Stash, and ${name('clientSecret') ?? 'the client secret'} the secret defined in its backoffice.`,
  },
  TOKEN_UNAVAILABLE: {
    title: 'No access token could be obtained',
    hint: (name) =>
      `The authorization server issued no token: check ${name('tokenUrl') ?? 'its address'} and the network, or try again later.`,
  },
  TOKEN_REFUSED: {
    title: 'The API refused a new access token',
    hint: (name) =>
      `Check that ${name('tokenUrl') ?? 'the token URL'} and ${name('apiUrl') ?? 'the API URL'} belong to the same environment.`,
  },
  NO_DOCUMENTS: { title: 'There is no document to sign' },
  TOO_MANY_DOCUMENTS: {
    title: 'Too many documents in one request',
    hint: (name) => or(name, ['batchSize'], 'Lower ', ' to 99 or less.') || 'Send at most 99 documents at a time.',
    httpStatus: 413,
  },
  REQUEST_TOO_LARGE: {
    title: 'The request is too large',
    hint: (name) =>
      or(name, ['batchSize'], 'Lower ', ', or send smaller documents.') || 'Send fewer documents at a time.',
    httpStatus: 413,
  },
  DOCUMENT_EMPTY: { title: 'The document is empty' },
  DOCUMENT_NOT_PDF: {
    title: 'The document is not a PDF',
    hint: (name) =>
      `PAdES signs PDF files only: use a PDF${or(name, ['type'], ', or set ', ' to XAdES (XML) or CAdES')}.`,
  },
  DOCUMENT_NOT_XML: {
    title: 'The document is not XML',
    hint: (name) =>
      `XAdES signs XML files only: use an XML file${or(name, ['type'], ', or set ', ' to PAdES or CAdES')}.`,
  },
  DOCUMENT_ENCRYPTED: {
    title: 'The PDF is encrypted',
    hint: () => 'Remove the password or the restrictions from the PDF and try again.',
  },
  DOCUMENT_TOO_LARGE: {
    title: 'The document is too large',
    hint: (name) => `Make the document smaller${or(name, ['maxDocumentBytes'], ', or raise ')}.`,
    httpStatus: 413,
  },
  DOCUMENT_UNREADABLE: {
    title: 'The document cannot be read',
    hint: () => 'Check that the file exists and that this process may read it.',
    httpStatus: 500,
  },
  DOCUMENT_CHANGED: {
    title: 'The document changed while it was sent',
    hint: () => 'Sign the file once it is complete.',
    httpStatus: 500,
  },
  DUPLICATE_REFERENCE: {
    title: 'Two documents have the same external reference',
    hint: (name) => `Give each document its own ${name('reference') ?? 'external reference'}.`,
  },
  REFERENCE_INVALID: {
    title: 'The external reference cannot be used',
    hint: (name) =>
      `Use letters, digits, dot, dash, underscore, colon or @ in ${name('reference') ?? 'the external reference'}, at most 255 characters.`,
  },
  TEMPLATE_MISSING: {
    title: 'The visible seal has no text',
    hint: (name) => `Set ${name('visibleText') ?? 'the text of the visible seal'}, or use the service's own template.`,
  },
  PLACEMENT_INVALID: {
    title: 'The position of the visible seal is wrong',
    hint: (name) =>
      `Correct ${or(name, ['visiblePosition', 'visibleField', 'visiblePlaceholder'], '') || 'the position'}.`,
  },
  APPEARANCE_INVALID: { title: 'The appearance of the visible seal is wrong' },
  SEAL_OPTIONS_CONFLICT: {
    title: 'An option does not apply to this signature type',
    hint: (name) => `Remove the named option${or(name, ['type'], ', or change ')}.`,
  },
  RECEIVER_INVALID: {
    title: 'An e-mail address is wrong',
    hint: (name) => `Correct ${name('deliveryEmails') ?? 'the e-mail address'}.`,
  },
  OUTPUT_EXISTS: {
    title: 'The output file already exists',
    hint: (name) =>
      `Choose another ${or(name, ['directory', 'suffix'], '') || 'output path'}${or(name, ['overwrite'], ', or set ')}.`,
    httpStatus: 500,
  },
  OUTPUT_PATH_INVALID: {
    title: 'The output file cannot have this name',
    hint: (name) => `Shorten the file name to at most 255 bytes${or(name, ['suffix'], ', or shorten ')}.`,
    httpStatus: 500,
  },
  SERVICE_REJECTED: {
    title: "Sign'Stash refused the request",
    hint: () => 'Read the reason in the message and correct the request.',
  },
  ACCOUNT_REFUSED: { title: "Sign'Stash does not permit this account to sign" },
  REFERENCE_TAKEN: {
    title: 'The external reference is taken',
    hint: (name) =>
      `An earlier request used it: look the document up, or use another ${name('reference') ?? 'external reference'}.`,
  },
  NOT_FOUND: { title: 'The operation was not found', httpStatus: 404 },
  PAYLOAD_TOO_LARGE: {
    title: 'The request is too large for the server',
    hint: (name) => `${or(name, ['batchSize'], 'Lower ', ', or make') || 'Make'} the document smaller.`,
    httpStatus: 413,
  },
  RATE_LIMITED: {
    title: "Too many requests to Sign'Stash",
    hint: (name) => `Wait a moment and try again${or(name, ['concurrency'], ', or lower ')}.`,
    httpStatus: 503,
  },
  SERVICE_UNAVAILABLE: { title: "Sign'Stash is unavailable", hint: again, httpStatus: 503 },
  SERVICE_FAILED: { title: "Sign'Stash failed", hint: again },
  LOOKUP_FAILED: {
    title: 'Could not look up whether the document was already signed',
    hint: (_, advice) =>
      `Nothing was sent: the service could not confirm whether an earlier run signed the document. ${advice}`,
    httpStatus: 503,
  },
  DOCUMENT_FAILED: {
    title: "Sign'Stash could not sign the document",
    hint: () => 'The message contains the reason given by the service.',
  },
  DOCUMENT_PENDING: {
    title: 'The document is not signed yet',
    hint: (_, advice) => `The service has the document and has not finished it. ${advice}`,
    httpStatus: 503,
  },
  CONTENT_UNAVAILABLE: {
    title: 'The signed content is no longer available',
    hint: () =>
      'The document was signed and charged, but the service does not keep its content: use the earlier copy, or sign it again under a new external reference.',
  },
  CONTENT_NOT_VALID: {
    title: 'The returned content is not a valid signed copy of the document',
    hint: () =>
      'The document was signed and charged, but the content that came back failed the check: do not use it and do not send the document again. Fetch the documents of the operation again, or ask the operator of your account.',
  },
  OUTPUT_FAILED: {
    title: 'The signed document could not be saved',
    hint: (_, advice) => `Fix the cause, such as a full disk. ${advice}`,
    httpStatus: 500,
  },
  REFERENCE_LOCKED: {
    title: 'Another process is signing the document',
    hint: (_, advice) => `Nothing was sent by this process. ${advice}`,
    httpStatus: 503,
  },
  QUOTA_EXCEEDED: { title: 'The signature quota is used up' },
  NETWORK_UNREACHABLE: {
    title: "Sign'Stash could not be reached",
    hint: (name) =>
      `Nothing was sent. Check ${or(name, ['apiUrl', 'proxyUrl'], '') || 'the address'}, the network and the proxy settings.`,
  },
  NETWORK_INTERRUPTED: { title: 'The connection broke', hint: again },
  TIMEOUT: {
    title: "Sign'Stash did not answer in time",
    hint: (name, advice) => `${advice}${or(name, ['timeout'], ' If this happens often, raise ', '.')}`,
  },
  ABORTED: { title: 'Signing was cancelled', hint: again },
  PROTOCOL_UNEXPECTED: {
    title: 'The answer is not from the API',
    hint: (name) => `Check that ${name('apiUrl') ?? 'the address'} is the API and not a web page.`,
  },
  PROTOCOL_TRUNCATED: { title: 'The answer ended early', hint: again },
  OUTCOME_UNKNOWN: { title: 'Could not determine whether the document was signed', hint: again },
};

/** For a token endpoint that has never answered, which is more likely a wrong address than an outage. */
export const unreachableTokenHint = (name: Lookup): string =>
  `Nothing was sent. Check ${or(name, ['tokenUrl', 'environment'], '') || 'the token URL'}, the network and the proxy settings.`;
