import { createHash, type Hash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox } from '@signstash-connect/sandbox';
import { indexOffset, indexText, makeDocuments } from '../documents.ts';

/** Signs the first document. The appended bytes fit every document of the same size, except for the digest. */
export class SignedDocuments {
  readonly #offset: number;
  /** Everything from the document's number to the end of the file. */
  readonly #rest: Buffer;
  readonly #digestAt: number;
  readonly #contents: { start: number; end: number };
  readonly #hashBefore: Hash;
  /** The unchanging beginning, in base64: cut where base64 has no padding. */
  readonly #headBase64: Buffer;
  readonly #headLength: number;

  private constructor(signed: Buffer, bytes: number) {
    this.#offset = indexOffset(bytes);
    this.#headLength = this.#offset - (this.#offset % 3);
    const head = signed.subarray(0, this.#headLength);
    this.#headBase64 = Buffer.from(head.toString('base64'));
    this.#rest = Buffer.from(signed.subarray(this.#headLength));
    const range = [...signed.toString('latin1').matchAll(/\/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)/g)].at(-1);
    if (!range) throw new Error('The template has no signature.');
    const [, firstLength = 0, secondStart = 0] = range.slice(1).map(Number);
    this.#contents = { start: firstLength - this.#headLength, end: secondStart - this.#headLength };
    const digest = createHash('sha256').update(signed.subarray(0, firstLength)).update(signed.subarray(secondStart));
    const hex = digest.digest('hex');
    const found = this.#rest.toString('latin1').toLowerCase().indexOf(hex, this.#contents.start);
    if (found < 0) throw new Error('The template’s signature does not contain its digest.');
    this.#digestAt = found;
    this.#hashBefore = createHash('sha256').update(head);
  }

  static async create(bytes: number): Promise<SignedDocuments> {
    const folder = mkdtempSync(join(tmpdir(), 'signstash-bench-template-'));
    try {
      const [path = ''] = makeDocuments(folder, 1, bytes);
      return new SignedDocuments(await signForReal(readFileSync(path)), bytes);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** The signed form of a document, in base64 and in two parts: the one that all share, and the rest. */
  base64(index: number): [head: Buffer, rest: string] {
    const rest = Buffer.from(this.#rest);
    rest.write(indexText(index), this.#offset - this.#headLength, 'latin1');
    const { start, end } = this.#contents;
    const digest = this.#hashBefore.copy().update(rest.subarray(0, start)).update(rest.subarray(end)).digest('hex');
    rest.write(digest, this.#digestAt, 'latin1');
    return [this.#headBase64, rest.toString('base64')];
  }
}

async function signForReal(document: Buffer): Promise<Buffer> {
  const sandbox = await startSandbox();
  try {
    const basic = Buffer.from(`${sandbox.clientId}:${sandbox.clientSecret}`).toString('base64');
    const token = (await post(sandbox.tokenUrl, {
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials',
    })) as { access_token: string };
    const operation = (await post(`${sandbox.apiUrl}/api/v0/document/sign/base64/`, {
      headers: { authorization: `Bearer ${token.access_token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        externalReference: 'template-request',
        description: 'bench',
        returnSignedContent: true,
        documents: [
          {
            documentRequest: {
              externalReference: 'template',
              name: 'template.pdf',
              contentType: 'application/pdf',
              base64Content: document.toString('base64'),
            },
            signatureInfo: { signatureType: 'PAdES', applyTimestamp: false },
          },
        ],
      }),
    })) as { documentList: { signedContent: string }[] };
    return Buffer.from(operation.documentList[0]?.signedContent ?? '', 'base64');
  } finally {
    await sandbox.close();
  }
}

async function post(url: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(url, { method: 'POST', ...init });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}
