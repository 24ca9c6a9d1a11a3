import type { SignedDocument } from '@signstash-connect/core/client';
import type { IBinaryData, IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import type { Job } from './job.ts';

/** A signed document whose bytes n8n has stored. */
export interface StoredDocument {
  readonly signed: Omit<SignedDocument, 'content'>;
  readonly binary: IBinaryData;
  /** Bytes. */
  readonly size: number;
}

export async function storeDocument(
  context: IExecuteFunctions,
  job: Job,
  { content, ...signed }: SignedDocument,
): Promise<StoredDocument> {
  const name = fillFileName(job.outputFileName, job.file.fileName || signed.name);
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const mimeType = signed.document.contentType ?? signed.contentType;
  return { signed, binary: await context.helpers.prepareBinaryData(bytes, name, mimeType), size: bytes.byteLength };
}

export function outputItem(job: Job, { signed, binary, size }: StoredDocument): INodeExecutionData {
  const { operationId, reference, recovered, document } = signed;
  const json: IDataObject = {
    externalReference: reference,
    operationId,
    documentStatus: document.status,
    fileName: binary.fileName ?? '',
    contentType: binary.mimeType,
    fileSize: size,
    recovered,
    ...(job.simplify ? {} : { document: document.raw as unknown as IDataObject }),
  };
  return { json, binary: { [job.outputField]: binary }, pairedItem: { item: job.item } };
}

/** @param pattern - With `{name}` and `{extension}` for those of the input file. */
function fillFileName(pattern: string, inputName: string): string {
  const dot = inputName.lastIndexOf('.');
  const [name, extension] = dot > 0 ? [inputName.slice(0, dot), inputName.slice(dot)] : [inputName, ''];
  // By function: in a replacement text, "$" of a file name would have a meaning.
  return pattern.replace(/\{name\}/g, () => name).replace(/\{extension\}/g, () => extension);
}
