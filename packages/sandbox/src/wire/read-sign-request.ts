import { apiErrors } from './api-error.ts';
import { Base64Error } from './base64-decoder.ts';
import { ContentExtractor } from './content-extractor.ts';
import { refuseBadDocuments } from './document-checks.ts';
import { parseJson } from './read-body.ts';
import type { SignRequest, SignRequestDocument } from './sign-request.ts';
import { schemaCheck } from './validate.ts';

type WireDocument = Omit<SignRequestDocument, 'content'> & { documentRequest: { base64Content: string } };
type WireSignRequest = Omit<SignRequest, 'documents'> & { documents: WireDocument[] };

const checkSignRequest = schemaCheck<WireSignRequest>('SignRequestBase64Document');

/** Reads the JSON form of a sign request, to its last byte, then checks it. */
export async function readSignRequest(
  body: AsyncIterable<Buffer>,
  unknownFields: 'refuse' | 'ignore',
): Promise<SignRequest> {
  const extractor = new ContentExtractor();
  for await (const chunk of body) extractor.push(chunk);
  const request = checkSignRequest(parseJson(extractor.json()), unknownFields);
  const documents = request.documents.map(
    ({ documentRequest: { base64Content, ...documentRequest }, signatureInfo }) => ({
      documentRequest,
      signatureInfo,
      content: contentOf(extractor, base64Content, documentRequest.externalReference),
    }),
  );
  refuseBadDocuments(documents);
  return { ...request, documents };
}

function contentOf(extractor: ContentExtractor, value: string, reference: string): Buffer {
  try {
    return extractor.contentOf(value);
  } catch (error) {
    if (error instanceof Base64Error) throw apiErrors.invalid(`base64Content of document ${reference} is not base64`);
    throw error;
  }
}
