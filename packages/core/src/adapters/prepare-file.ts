import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { derivedReference, referenceSeed } from '../api/references.ts';
import { documentKind, isSignedPdf } from '../api/request/document-checks.ts';
import type { DocumentSource } from '../api/request/document-source.ts';
import type { SignatureType } from '../api/wire.ts';
import type { BatchDocument } from '../batch/options.ts';
import { documentContent } from '../files/document-content.ts';
import { nodePlatform } from '../files/node-platform.ts';
import { prepareDocument } from '../signing/prepare.ts';
import type { FoundFile, SignFilesOptions } from './find-documents.ts';

/** A file that may be sent. */
export interface PreparedFile {
  readonly file: FoundFile;
  /** Where its signed version goes. */
  readonly target: string;
  /** Bytes, before signing. */
  readonly size: number;
  readonly reference: string;
  /** Core's input: opened and hashed, and not read again before it is sent. */
  readonly document: BatchDocument & { readonly output: string };
  /** Checks it by core's rules without sending it. */
  check(): Promise<void>;
}

interface PrepareOptions extends Pick<SignFilesOptions, 'clientId' | 'reference' | 'sign' | 'maxDocumentBytes'> {
  skipSigned: boolean;
  target: string;
  /** Where core writes the signed version. */
  output: string;
}

const defaultMaxDocumentBytes = 100 * 1024 * 1024;

/** Opens and hashes a file and looks for a signature in the same pass. `signed`: it carries one. */
export async function prepareFile(file: FoundFile, options: PrepareOptions): Promise<PreparedFile | 'signed'> {
  const { clientId, skipSigned, sign, target, output, maxDocumentBytes = defaultMaxDocumentBytes } = options;
  const { source, forget } = await documentContent(file.path);
  const { sha256, isSigned } = await inspect(source, skipSigned && source.size <= maxDocumentBytes);
  if (isSigned) return 'signed';
  // Two files with the same content are two documents, so the name is part of the reference.
  const given = await options.reference?.({ ...file, sha256 });
  const reference = given ?? (await deriveReference(clientId, sha256, file.name, sign?.type));
  const content = { ...forgetting(source, forget), sha256: async () => sha256 };
  const document = { content, name: basename(file.path), reference, output };
  return {
    file,
    target,
    size: source.size,
    reference,
    document,
    check: async () => {
      const signature = { ...sign };
      delete signature.preservation;
      await prepareDocument({ ...document, name: file.name }, 1, {
        platform: nodePlatform,
        clientId,
        maxDocumentBytes,
        signatureOptions: signature,
      });
      // It may wait long until it is sent.
      forget?.();
    },
  };
}

/** Reads everything once: for the hash and, in a PDF, for a signature. */
async function inspect(source: DocumentSource, lookForSignature: boolean) {
  const hash = createHash('sha256');
  let hashed = 0;
  const observed: DocumentSource = {
    size: source.size,
    slice: (start, end) => source.slice(start, end),
    async *read() {
      for await (const chunk of source.read()) {
        hash.update(chunk);
        hashed += chunk.byteLength;
        yield chunk;
      }
    },
  };
  const isPdf = lookForSignature && (await documentKind(source)) === 'pdf';
  if (isPdf && (await isSignedPdf(observed))) return { sha256: '', isSigned: true };
  if (hashed === source.size && hashed > 0) return { sha256: hash.digest('hex'), isSigned: false };
  return { sha256: (await source.sha256?.()) ?? (await nodePlatform.sha256(source.read())), isSigned: false };
}

async function deriveReference(clientId: string, sha256: string, name: string, type?: SignatureType): Promise<string> {
  const seed = referenceSeed(sha256, name, type);
  return derivedReference(clientId, createHash('sha256').update(seed).digest('hex'));
}

/**
 * A file source fails if the content differs from its first read, which was this one, so no changed file is signed under the
 * reference of another content. Frees the memory as soon as the document is being sent; a retry
 * reads the file again.
 */
function forgetting(source: DocumentSource, forget: (() => void) | undefined): DocumentSource {
  return {
    size: source.size,
    slice: (start, end) => source.slice(start, end),
    async *read() {
      for await (const chunk of source.read()) {
        forget?.();
        yield chunk;
      }
    },
  };
}
