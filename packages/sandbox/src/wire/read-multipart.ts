import type { FastifyRequest } from 'fastify';
import { ApiError, apiErrors } from './api-error.ts';
import { refuseBadDocuments } from './document-checks.ts';
import { parseJson } from './read-body.ts';
import type { SignRequest, SignRequestDocument } from './sign-request.ts';
import { schemaCheck } from './validate.ts';

type WireSignRequest = Omit<SignRequest, 'documents'> & { documents: Omit<SignRequestDocument, 'content'>[] };

const checkSignRequest = schemaCheck<WireSignRequest>('SignRequestDocument');

interface UploadedFile {
  name: string;
  content: Buffer;
}

/** Reads the form of a sign request: `files` and `signRequest`, in either order. */
export async function readMultipartSignRequest(
  request: FastifyRequest,
  unknownFields: 'refuse' | 'ignore',
): Promise<SignRequest> {
  const { signRequest, files } = await readParts(request).catch(asBrokenForm);
  if (signRequest === undefined) throw apiErrors.missing("Required part 'signRequest' is not present");
  return withContents(checkSignRequest(signRequest, unknownFields), files);
}

async function readParts(request: FastifyRequest): Promise<{ signRequest: unknown; files: UploadedFile[] }> {
  const files: UploadedFile[] = [];
  let signRequest: unknown;
  for await (const part of request.parts()) {
    if (part.fieldname === 'signRequest') {
      // With or without a file name: clients differ in how they send a JSON part.
      signRequest = part.type === 'file' ? parseJson((await part.toBuffer()).toString('utf8')) : asJson(part.value);
    } else if (part.fieldname === 'files' && part.type === 'file') {
      files.push({ name: part.filename, content: await part.toBuffer() });
    } else {
      throw apiErrors.invalid(`Unexpected part ${part.fieldname}`);
    }
  }
  return { signRequest, files };
}

/** The form parser's own errors carry no status: they mean that the form is broken, not the sandbox. */
function asBrokenForm(error: Error): never {
  if (error instanceof ApiError || 'statusCode' in error) throw error;
  throw apiErrors.invalid('The multipart form is broken');
}

/** The plugin has parsed the value already if its part said it is JSON. */
function asJson(value: unknown): unknown {
  return typeof value === 'string' ? parseJson(value) : value;
}

/** How files and entries belong together is not known for sure, so order and name must agree. */
function withContents(request: WireSignRequest, files: UploadedFile[]): SignRequest {
  if (files.length !== request.documents.length) {
    throw apiErrors.invalid(`${request.documents.length} documents, but ${files.length} files`);
  }
  const documents = request.documents.map((document, index) => {
    const { name, content } = files[index]!;
    if (name !== document.documentRequest.name) {
      throw apiErrors.invalid(
        `File ${index} is named differently from document ${document.documentRequest.externalReference}`,
      );
    }
    return { ...document, content };
  });
  refuseBadDocuments(documents);
  return { ...request, documents };
}
