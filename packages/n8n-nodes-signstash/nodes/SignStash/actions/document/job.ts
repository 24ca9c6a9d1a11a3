import type { ParsedSignOptions } from '@signstash-connect/core/adapter';
import type { DocumentInput, SignOptions } from '@signstash-connect/core/client';
import type { IExecuteFunctions } from 'n8n-workflow';
import { type BinaryInput, binaryInputs, fieldNames, refuseByMetadata } from '../../helpers/binary-input.ts';
import { readSignOptions } from './signature-options.ts';

/** One document of one input item with all its parameters; its bytes are not read yet. */
export interface Job {
  readonly item: number;
  readonly file: BinaryInput;
  readonly document: Omit<DocumentInput, 'content'>;
  /** Options of the request that carries the document. */
  readonly call: SignOptions;
  readonly outputField: string;
  readonly outputFileName: string;
  readonly simplify: boolean;
}

/** The documents of one item, checked as far as their metadata allows. */
export async function getJobs(context: IExecuteFunctions, item: number, maxFileBytes: number): Promise<Job[]> {
  const files = await binaryInputs(context, item, context.getNodeParameter('inputField', item));
  const { preservation, ...signature }: ParsedSignOptions = await readSignOptions(context, item);
  const options = context.getNodeParameter('options', item, {}) as Partial<Record<string, string>>;
  const { description, externalReference = '', outputField = '', outputFileName } = options;
  const references = fieldNames(String(externalReference));
  const outputFields = fieldNames(outputField);
  const simplify = context.getNodeParameter('simplify', item) as boolean;
  return files.map((file, index) => {
    refuseByMetadata(file, signature.type, maxFileBytes);
    const reference = references[index];
    return {
      item,
      file,
      document: {
        ...signature,
        ...(file.fileName ? { name: file.fileName } : {}),
        ...(reference ? { reference } : {}),
        // The same content under the same name is the same document, whichever item or execution it belongs to.
        key: file.fileName,
      },
      call: { ...(description ? { description } : {}), ...(preservation ? { preservation } : {}) },
      outputField: outputFields[index] ?? outputFields.at(-1) ?? file.field ?? 'data',
      outputFileName: outputFileName ?? '{name}-signed{extension}',
      simplify,
    };
  });
}
