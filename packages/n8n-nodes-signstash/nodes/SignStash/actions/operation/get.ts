import { eachItem } from '../each-item.ts';
import type { NodeOperation } from '../node-operation.ts';
import { describeOperation } from './describe.ts';
import { operationId, operationIdParameter, queryOptions, simplifyParameter } from './parameters.ts';

export const get: NodeOperation = {
  option: {
    name: 'Get',
    value: 'get',
    description: 'Get an operation with its documents',
    action: 'Get operation',
  },
  parameters: [operationIdParameter, simplifyParameter, queryOptions],
  execute: eachItem(async (context, client, item) => {
    const operation = await client.operations.get(operationId(context, item));
    return [{ json: describeOperation(operation, context.getNodeParameter('simplify', item) as boolean) }];
  }),
};
