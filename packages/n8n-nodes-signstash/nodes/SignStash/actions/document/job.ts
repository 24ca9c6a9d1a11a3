import type { DocumentInput, Preservation, SignOptions } from '@signstash-connect/core/client';
import type { IExecuteFunctions } from 'n8n-workflow';
import { type BinaryInput, binaryInputs, fieldNames, refuseByMetadata } from '../../helpers/binary-input.ts';
import { parseAddresses } from '../../helpers/parameters.ts';
import { signatureOptions } from './signature-options.ts';

/** One document of one input item, with all that its parameters say; its bytes are not read yet. */
export interface Job {
  readonly item: number;
  readonly file: BinaryInput;
  readonly document: Omit<DocumentInput, 'content'>;
  /** What holds for the request that carries the document. */
  readonly call: SignOptions;
  readonly outputField: string;
  readonly outputFileName: string;
  readonly simplify: boolean;
}

interface Options {
  description?: string;
  externalReference?: string;
  outputField?: string;
  outputFileName?: string;
}

interface Delivery {
  attachDocuments?: boolean;
  preserveContent?: boolean;
  receivers?: unknown;
}

/** The documents of one item, checked as far as their metadata tells. */
export async function getJobs(context: IExecuteFunctions, item: number, maxFileBytes: number): Promise<Job[]> {
  const files = await binaryInputs(context, item, context.getNodeParameter('inputField', item));
  const seal = await signatureOptions(context, item);
  const { description, externalReference, outputField, outputFileName } = context.getNodeParameter(
    'options',
    item,
    {},
  ) as Options;
  const references = externalReference === undefined ? [] : fieldNames(String(externalReference));
  const outputFields = outputField === undefined ? [] : fieldNames(outputField);
  const preservation = preservationOf(context.getNodeParameter('delivery', item, {}) as Delivery);
  const simplify = context.getNodeParameter('simplify', item) as boolean;
  return files.map((file, index) => {
    refuseByMetadata(file, seal.type, maxFileBytes);
    const reference = references[index];
    return {
      item,
      file,
      document: {
        ...seal,
        ...(file.fileName ? { name: file.fileName } : {}),
        ...(reference ? { reference } : {}),
        // The same content under the same name is the same document, whichever item or execution it comes in.
        key: file.fileName,
      },
      call: { ...(description ? { description } : {}), ...(preservation ? { preservation } : {}) },
      outputField: outputFields[index] ?? outputFields.at(-1) ?? file.field ?? 'data',
      outputFileName: outputFileName ?? '{name}-signed{extension}',
      simplify,
    };
  });
}

function preservationOf({ attachDocuments, preserveContent = false, receivers }: Delivery): Preservation | undefined {
  const to = parseAddresses(receivers);
  if (to.length === 0) return preserveContent ? { preserveContent } : undefined;
  return { preserveContent, delivery: { receivers: to, attachDocuments: attachDocuments === true } };
}
