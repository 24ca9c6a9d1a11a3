import { checkReference } from '@signstash-connect/core/protocol';
import { eachItem } from '../each-item.ts';
import type { NodeOperation } from '../node-operation.ts';
import { describeOperation } from './describe.ts';
import { questionOptions, simplifyParameter } from './parameters.ts';

export const getByReference: NodeOperation = {
  option: {
    name: 'Get by Document Reference',
    value: 'getByReference',
    description: 'Get the operation that holds a document, by the document’s external reference',
    action: 'Get operation by document reference',
  },
  parameters: [
    {
      displayName: 'External Reference',
      name: 'externalReference',
      type: 'string',
      default: '',
      required: true,
      placeholder: 'e.g. FT-2026-0001',
      description: 'External reference of the document, as it was given to the Sign operation or made by it',
    },
    simplifyParameter,
    questionOptions,
  ],
  execute: eachItem(async (context, client, item) => {
    const reference = String(context.getNodeParameter('externalReference', item)).trim();
    checkReference(reference, 'External Reference');
    const operation = await client.operations.getByReference(reference);
    return [{ json: describeOperation(operation, context.getNodeParameter('simplify', item) as boolean) }];
  }),
};
