import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { failedItem, nodeError } from '../helpers/node-error.ts';
import { createClient } from '../transport/client.ts';
import type { ItemAction } from './resource.ts';

/** Runs an action on one item after the other; where the workflow shall go on, an item that fails becomes an item that says so. */
export function eachItem(action: ItemAction) {
  return async (context: IExecuteFunctions): Promise<INodeExecutionData[]> => {
    const outputs: INodeExecutionData[] = [];
    try {
      const client = await createClient(context, { timeouts: timeouts(context) });
      for (let item = 0; item < context.getInputData().length; item++) {
        try {
          const results = await action(context, client, item);
          outputs.push(...results.map((result) => ({ ...result, pairedItem: { item } })));
        } catch (problem) {
          if (!context.continueOnFail()) throw nodeError(context, problem, item);
          outputs.push(failedItem(context, problem, item));
        }
      }
    } catch (problem) {
      throw nodeError(context, problem, 0);
    }
    return outputs;
  };
}

function timeouts(context: IExecuteFunctions): { lookupTimeoutMs?: number } {
  const { timeout } = context.getNodeParameter('options', 0, {}) as { timeout?: number };
  return timeout === undefined ? {} : { lookupTimeoutMs: timeout * 1000 };
}
