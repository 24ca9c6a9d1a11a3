import { eachItem } from '../each-item.ts';
import type { NodeOperation } from '../node-operation.ts';
import { operationId, operationIdParameter, queryOptions } from './parameters.ts';

export const downloadDocuments: NodeOperation = {
  option: {
    name: 'Download Documents',
    value: 'downloadDocuments',
    description: 'Download the signed documents of an operation, each as an item',
    action: 'Download signed documents',
    displayOptions: { hide: { '@tool': [true] } },
  },
  parameters: [
    operationIdParameter,
    {
      displayName: 'Put Output File in Field',
      name: 'outputField',
      type: 'string',
      default: 'data',
      required: true,
      hint: 'The name of the output binary field to put the file in',
      description: 'Name of the field that receives the signed file',
    },
    queryOptions,
  ],
  execute: eachItem(async (context, client, item) => {
    const id = operationId(context, item);
    const field = context.getNodeParameter('outputField', item) as string;
    const documents = await client.operations.documents(id);
    return Promise.all(
      documents.map(async ({ reference, name, content }) => ({
        json: { operationId: id, externalReference: reference, fileName: name, fileSize: content.byteLength },
        binary: { [field]: await context.helpers.prepareBinaryData(Buffer.from(content), name) },
      })),
    );
  }),
};
