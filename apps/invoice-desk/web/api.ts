/** The desk's responses, as far as the page reads them. */
export interface BatchView {
  id: string;
  done: number;
  total: number;
  documents: DocumentView[];
  duplicates?: string[];
}

export interface DocumentView {
  id: string;
  name: string;
  size: number;
  state: 'waiting' | 'signing' | 'signed' | 'failed';
  result?:
    | { ok: true; recovered: boolean; verdict: string }
    | { ok: false; code: string; family: string; message: string };
}

export interface Quota {
  limit?: number;
  used?: number;
  periodEnd?: string;
}

/** The report of `@signstash-connect/verify`, with the name of the document. */
export interface ReportView {
  name: string;
  verdict: string;
  reasons: { code: string; message: string; severity: string }[];
  signatures: SignatureView[];
}

interface CertificateView {
  subject: string;
  issuer: string;
  commonName?: string;
  organizationIdentifier?: string;
  qualified: { compliant: boolean; types: string[] };
}

export interface SignatureView {
  kind: string;
  level: string;
  verdict: string;
  integrity: 'intact' | 'broken' | 'unknown';
  coverage: { appended: unknown[]; allowed: boolean };
  signer?: CertificateView;
  claimedSigningTime?: string;
  timestamp?: { time: string; valid: boolean; trusted: boolean };
  chain: { status: string; path: string[]; anchor?: string };
}

/** An error response. */
export class ApiError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export const batchUrl = (batch: string): string => `/api/batches/${batch}`;
export const documentUrl = (batch: string, document: string): string => `${batchUrl(batch)}/documents/${document}`;

export async function get<T>(url: string): Promise<T> {
  return (await call(url)).json() as Promise<T>;
}

export async function resendMail(url: string, receivers: string[], attach: boolean): Promise<void> {
  const body = JSON.stringify({ receivers, attach });
  await call(`${url}/mail`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
}

export async function check(file: File): Promise<ReportView> {
  const form = new FormData();
  form.append('document', file, file.name);
  return (await call('/api/check', { method: 'POST', body: form })).json() as Promise<ReportView>;
}

async function call(url: string, init?: RequestInit): Promise<Response> {
  const answer = await fetch(url, init).catch(() => {
    throw new ApiError('DESK_UNREACHABLE');
  });
  if (!answer.ok) throw new ApiError(codeOf(await answer.text()));
  return answer;
}

/** By XMLHttpRequest: fetch does not report upload progress. */
export function upload(files: readonly File[], options: object, onSent: (share: number) => void): Promise<BatchView> {
  const form = new FormData();
  form.append('options', JSON.stringify(options));
  for (const file of files) form.append('documents', file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', '/api/batches');
    request.upload.addEventListener('progress', ({ loaded, total }) => onSent(total > 0 ? loaded / total : 0));
    request.addEventListener('load', () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText) as BatchView);
      else reject(new ApiError(codeOf(request.responseText)));
    });
    request.addEventListener('error', () => reject(new ApiError('DESK_UNREACHABLE')));
    request.send(form);
  });
}

function codeOf(text: string): string {
  try {
    return String((JSON.parse(text) as { code?: unknown }).code);
  } catch {
    return 'unknown';
  }
}
