import type { DocumentInput, SignOptions } from '@signstash-connect/core/client';
import type { IExecuteFunctions } from 'n8n-workflow';
import { type BinaryInput, binaryInputs, refuseByMetadata } from '../../helpers/binary-input.ts';
import { splitList } from '../../helpers/parameters.ts';
import { readSignOptions } from './sign-options.ts';

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
  const { preservation, ...signature } = await readSignOptions(context, item);
  const options = context.getNodeParameter('options', item, {}) as Partial<Record<string, string>>;
  const { description, outputFileName = '{name}-signed{extension}' } = options;
  const [references, outputFields] = [splitList(options.reference), splitList(options.outputField)];
  const simplify = context.getNodeParameter('simplify', item) as boolean;
  return files.map((file, index) => {
    refuseByMetadata(file, signature.type, maxFileBytes);
    const { fileName, field = 'data' } = file;
    const reference = references[index];
    // The same content under the same name is the same document, whichever item or execution it belongs to.
    const document = {
      ...{ ...signature, key: fileName },
      ...(fileName ? { name: fileName } : {}),
      ...(reference ? { reference } : {}),
    };
    const call = { ...(description ? { description } : {}), ...(preservation ? { preservation } : {}) };
    const outputField = outputFields[index] ?? outputFields.at(-1) ?? field;
    return { item, file, document, call, outputField, outputFileName, simplify };
  });
}
