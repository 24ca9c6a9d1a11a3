import { randomUUID } from 'node:crypto';
import { afterAll, expect } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/index.ts';

/** One certificate authority for all of these tests: making keys takes longer than most of them. */
export const stateDirectory = new URL('../../node_modules/.cache/sandbox-tests', import.meta.url).pathname;

/** Starts a sandbox that is stopped at the end of the test file, when every answer of it must have matched the schema. */
export async function sandboxForTests(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ stateDirectory, ...options });
  afterAll(async () => {
    await sandbox.close();
    expect(sandbox.admin.schemaViolations()).toEqual([]);
  });
  return sandbox;
}

export const signBase64 = 'api/v0/document/sign/base64/';
export const signMultipart = 'api/v0/document/sign/';

/** Sends plain HTTP requests to a sandbox, with every name written out. */
export class Talk {
  readonly sandbox: Sandbox;
  readonly #base: string;
  #token: string | undefined;

  constructor(sandbox: Sandbox, base = sandbox.apiUrl) {
    this.sandbox = sandbox;
    this.#base = base;
  }

  async token(): Promise<string> {
    this.#token ??= ((await (await requestToken(this.sandbox)).json()) as { access_token: string }).access_token;
    return this.#token;
  }

  async call(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${await this.token()}`, ...init.headers };
    return fetch(`${this.#base}/${path}`, { ...init, headers });
  }

  post(path: string, body: unknown): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return this.call(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  sign(...documents: object[]): Promise<Response> {
    return this.post(signBase64, signRequest(...documents));
  }

  async signed(...documents: object[]): Promise<OperationAnswer> {
    const response = await this.sign(...documents);
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    return (await response.json()) as OperationAnswer;
  }

  async status(id: number): Promise<string> {
    return ((await (await this.call(`api/v0/operation/status/${id}`)).json()) as OperationAnswer).status;
  }

  async detail(id: number, content = false): Promise<OperationAnswer> {
    const response = await this.call(`api/v0/operation/sign/detail/${id}/contentInResponse/${content}`);
    return (await response.json()) as OperationAnswer;
  }

  lookUp(reference: string): Promise<Response> {
    return this.call(`api/v0/operation/id/withDocumentExternalReference/${encodeURIComponent(reference)}`);
  }
}

export function requestToken(
  { tokenUrl, clientId, clientSecret }: Sandbox,
  { authorization = basic(clientId, clientSecret), body = 'grant_type=client_credentials' } = {},
): Promise<Response> {
  const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
  return fetch(tokenUrl, { method: 'POST', headers, body });
}

export function basic(id: string, secret: string): string {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
}

export interface OperationAnswer {
  id: number;
  status: string;
  executionTime: number | null;
  issuerCompany: { limitCurrentConsumption: number; limitUsageCount: number };
  documentList: DocumentAnswer[];
}

export interface DocumentAnswer {
  externalReference: string;
  name: string;
  signStatus: string;
  signError: string | null;
  contentLength: number;
  signedContent: string | null;
}

export function signRequest(...documents: object[]) {
  return {
    externalReference: `request-${randomUUID()}`,
    description: 'Invoices',
    documents,
    returnSignedContent: true,
  };
}

/** A document of any bytes, to be signed as CAdES, which is the fastest. */
export function bytesDocument(externalReference: string, content: Buffer | string = `content of ${externalReference}`) {
  return {
    documentRequest: {
      externalReference,
      name: `${externalReference}.bin`,
      contentType: 'application/octet-stream',
      base64Content: Buffer.from(content).toString('base64'),
    },
    signatureInfo: { signatureType: 'CAdES', applyTimestamp: false },
  };
}

export function pdfDocument(externalReference: string, content: Buffer) {
  return {
    documentRequest: {
      externalReference,
      name: `${externalReference}.pdf`,
      contentType: 'application/pdf',
      base64Content: content.toString('base64'),
    },
    signatureInfo: { signatureType: 'PAdES', reason: 'Invoice', applyTimestamp: false },
  };
}

/** `count` documents with references of their own. */
export function someDocuments(count: number): ReturnType<typeof bytesDocument>[] {
  return Array.from({ length: count }, () => bytesDocument(`doc-${randomUUID()}`));
}

export function referenceOf({ documentRequest }: ReturnType<typeof bytesDocument>): string {
  return documentRequest.externalReference;
}
