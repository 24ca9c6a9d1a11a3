import { checkReference } from '@signstash-connect/core/client';
import { eachItem } from '../each-item.ts';
import type { NodeOperation } from '../node-operation.ts';
import { describeOperation } from './describe.ts';
import { queryOptions, simplifyParameter } from './parameters.ts';

export const getByReference: NodeOperation = {
  option: {
    name: 'Get by Document Reference',
    value: 'getByReference',
    description: 'Get the operation that signed the document with an external reference',
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
      description: 'Key of the document, as Document > Sign returned it',
    },
    simplifyParameter,
    queryOptions,
  ],
  execute: eachItem(async (context, client, item) => {
    const reference = String(context.getNodeParameter('externalReference', item)).trim();
    checkReference(reference, 'External Reference');
    const operation = await client.operations.getByReference(reference);
    return [{ json: describeOperation(operation, context.getNodeParameter('simplify', item) as boolean) }];
  }),
};
