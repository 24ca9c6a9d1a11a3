/** Every call of the API (reference, section 4), and the token call. */
export type EndpointName =
  | 'token'
  | 'sign'
  | 'signMultipart'
  | 'operationId'
  | 'status'
  | 'detail'
  | 'documents'
  | 'resendMail';

/** Method and path, below the base URL, of every endpoint (API reference, section 4: Endpoints). */
export const endpoints = {
  sign: () => ({ endpoint: 'sign', method: 'POST', path: 'api/v0/document/sign/base64/' }),
  signMultipart: () => ({ endpoint: 'signMultipart', method: 'POST', path: 'api/v0/document/sign/' }),
  operationId: (reference: string) => ({
    endpoint: 'operationId',
    method: 'GET',
    path: `api/v0/operation/id/withDocumentExternalReference/${encodeURIComponent(reference)}`,
  }),
  status: (operationId: string) => ({
    endpoint: 'status',
    method: 'GET',
    path: `api/v0/operation/status/${encodeURIComponent(operationId)}`,
  }),
  detail: (operationId: string, contentInResponse: boolean) => ({
    endpoint: 'detail',
    method: 'GET',
    path: `api/v0/operation/sign/detail/${encodeURIComponent(operationId)}/contentInResponse/${contentInResponse}`,
  }),
  documents: (operationId: string) => ({
    endpoint: 'documents',
    method: 'GET',
    path: `api/v0/operation/sign/detail/${encodeURIComponent(operationId)}/documents`,
  }),
  resendMail: (operationId: string, attachDocuments: boolean) => ({
    endpoint: 'resendMail',
    method: 'POST',
    path: `api/v0/delivery/mail/resend/${encodeURIComponent(operationId)}/${attachDocuments}`,
  }),
} as const satisfies Record<Exclude<EndpointName, 'token'>, (...args: never[]) => EndpointCall>;

export interface EndpointCall {
  readonly endpoint: EndpointName;
  readonly method: 'GET' | 'POST';
  readonly path: string;
}
