import type { SignedDocument } from '@signstash-connect/core/client';
import type { IBinaryData, IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import type { Job } from './job.ts';

/** A sealed document whose bytes n8n has stored. */
export interface StoredDocument {
  readonly sealed: Omit<SignedDocument, 'content'>;
  readonly binary: IBinaryData;
  /** Bytes. */
  readonly size: number;
}

export async function storeDocument(
  context: IExecuteFunctions,
  job: Job,
  sealed: SignedDocument,
): Promise<StoredDocument> {
  const { content, ...rest } = sealed;
  const name = outputFileName(job.outputFileName, job.file.fileName || sealed.name);
  const mimeType = sealed.document.contentType ?? sealed.contentType;
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  const binary = await context.helpers.prepareBinaryData(bytes, name, mimeType);
  return { sealed: rest, binary, size: content.byteLength };
}

export function outputItem(job: Job, { sealed, binary, size }: StoredDocument): INodeExecutionData {
  const { operationId, reference, recovered, document } = sealed;
  const simple: IDataObject = {
    externalReference: reference,
    operationId,
    documentStatus: document.status,
    fileName: binary.fileName ?? '',
    contentType: binary.mimeType,
    fileSize: size,
    recovered,
  };
  return {
    json: job.simplify ? simple : { ...simple, document: document.raw as unknown as IDataObject },
    binary: { [job.outputField]: binary },
    pairedItem: { item: job.item },
  };
}

/** @param pattern - With `{name}` and `{extension}` for those of the input file. */
export function outputFileName(pattern: string, inputName: string): string {
  const dot = inputName.lastIndexOf('.');
  const name = dot > 0 ? inputName.slice(0, dot) : inputName;
  const extension = dot > 0 ? inputName.slice(dot) : '';
  // By function: in a replacement text, "$" of a file name would have a meaning.
  return pattern.replace(/\{name\}/g, () => name).replace(/\{extension\}/g, () => extension);
}
