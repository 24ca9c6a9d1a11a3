/** An answer with the error body of the API reference, section 6. Codes and statuses are inferred: none is public. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  readonly errorCode: string;
  readonly causeMessage: string;

  constructor(status: number, errorCode: string, description: string, causeMessage: string = description) {
    super(description);
    this.status = status;
    this.errorCode = errorCode;
    this.causeMessage = causeMessage;
  }

  toJSON() {
    return { errorCode: this.errorCode, errorCodeDescription: this.message, causeMessage: this.causeMessage };
  }
}

export const apiErrors = {
  invalid: (cause: string) => new ApiError(400, 'INVALID_REQUEST', 'The request is not valid', cause),
  duplicate: (reference: string) =>
    new ApiError(
      400,
      'DUPLICATE_EXTERNAL_REFERENCE',
      'The external reference already exists',
      `External reference already exists: ${reference}`,
    ),
  usageLimit: (limit: number) =>
    new ApiError(
      403,
      'USAGE_LIMIT_EXCEEDED',
      'The usage limit of the issuer company is exceeded',
      `limitUsageCount is ${limit}`,
    ),
  operationNotFound: (id: string) =>
    new ApiError(404, 'OPERATION_NOT_FOUND', 'Operation not found', `No operation ${id}`),
  referenceNotFound: (reference: string) =>
    new ApiError(404, 'DOCUMENT_NOT_FOUND', 'Document not found', `No document with external reference ${reference}`),
  contentNotStored: (id: string) =>
    new ApiError(404, 'CONTENT_NOT_STORED', 'No content is stored', `Operation ${id} has no stored content`),
  unsupportedMediaType: (type: string) =>
    new ApiError(415, 'UNSUPPORTED_MEDIA_TYPE', 'Unsupported media type', `Content type '${type}' not supported`),
};
