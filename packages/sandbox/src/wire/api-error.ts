/** An answer with the error body of the API: `errorCode` is null where none is documented. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  readonly errorCode: string | null;
  readonly causeMessage: string | null;

  constructor(status: number, errorCode: string | null, description: string, causeMessage: string | null = null) {
    super(description);
    this.status = status;
    this.errorCode = errorCode;
    this.causeMessage = causeMessage;
  }

  toJSON() {
    return { errorCode: this.errorCode, errorCodeDescription: this.message, causeMessage: this.causeMessage };
  }
}

/** The documented codes with their statuses (`x-error-codes` in `openapi.json`): bad requests are answered 500. */
const documentedErrors = {
  '0.0.1': [500, 'Unhandled error.'],
  '0.0.2': [500, 'A mandatory attribute is missing.'],
  '0.0.3': [500, 'Default configuration missing.'],
  '0.0.4': [500, 'An attribute is larger than supported.'],
  '0.0.5': [500, 'The e-mail was not sent.'],
  '0.0.6': [500, 'Parameter validation failed.'],
  '0.0.7': [409, 'Already known to the system.'],
  '0.0.10': [409, 'Access token expired or invalid.'],
  '1.1.0': [401, 'Licence invalid or missing.'],
  '1.1.1': [401, 'Licence inactive.'],
  '1.1.2': [409, 'A client service exists for this licence.'],
  '1.1.3': [409, 'The client service status forbids this operation.'],
  '1.1.4': [400, 'The client service secret is too weak.'],
  '1.2.0': [403, 'Issuer inactive.'],
  '1.3.0': [403, 'Partner inactive.'],
  // The status is unknown; 500 is what the other refusals of a request are answered with.
  '2.2.1': [500, 'Visible elements are missing for a PAdES signature.'],
} as const satisfies Record<string, readonly [status: number, description: string]>;

export type DocumentedErrorCode = keyof typeof documentedErrors;

/** The documented status and description of an error code; 500 and no description for a code that is not documented. */
export function describeErrorCode(errorCode: string): { status: number; description: string } {
  const [status, description] = documentedErrors[errorCode as DocumentedErrorCode] ?? [500, 'Signing error.'];
  return { status, description };
}

function documented(errorCode: DocumentedErrorCode, causeMessage: string | null = null): ApiError {
  const { status, description } = describeErrorCode(errorCode);
  return new ApiError(status, errorCode, description, causeMessage);
}

export const apiErrors = {
  unhandled: (cause: string) => documented('0.0.1', cause),
  missing: (cause: string) => documented('0.0.2', cause),
  tooLong: (cause: string) => documented('0.0.4', cause),
  invalid: (cause: string) => documented('0.0.6', cause),
  duplicate: (reference: string) => documented('0.0.7', `External reference already exists: ${reference}`),
  refusedToken: () => documented('0.0.10'),
  licence: (code: '1.1.0' | '1.1.1') => documented(code),
  areaTooSmall: (name: string) => documented('2.2.1', `Document ${name}: the area is smaller than the image.`),
  /** No code is documented for it; this one belongs to the family that makes a client stop. */
  usageLimit: (limit: number) =>
    new ApiError(
      403,
      '1.4.0',
      'The usage limit of the issuer company is exceeded.',
      `The limit is ${limit} signatures.`,
    ),
  tooManyRequests: () => new ApiError(429, null, 'Too many requests.'),
  operationNotFound: (id: string) => new ApiError(404, null, 'Operation not found.', `No operation ${id}`),
  referenceNotFound: (reference: string) =>
    new ApiError(404, null, 'Document not found.', `No document with external reference ${reference}`),
  contentNotStored: (id: string) =>
    new ApiError(404, null, 'No content is stored.', `Operation ${id} has no stored content`),
};
