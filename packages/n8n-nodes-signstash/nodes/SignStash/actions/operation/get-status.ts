import { eachItem } from '../each-item.ts';
import type { NodeOperation } from '../node-operation.ts';
import { describeOperation } from './describe.ts';
import { operationId, operationIdParameter, queryOptions, simplifyParameter } from './parameters.ts';

export const getStatus: NodeOperation = {
  option: {
    name: 'Get Status',
    value: 'getStatus',
    description: 'Get the status of an operation, without its documents',
    action: 'Get operation status',
  },
  parameters: [operationIdParameter, simplifyParameter, queryOptions],
  execute: eachItem(async (context, client, item) => {
    const operation = await client.operations.status(operationId(context, item));
    return [{ json: describeOperation(operation, context.getNodeParameter('simplify', item) as boolean) }];
  }),
};
