import type { SignStashClient } from '@signstash-connect/core/client';
import type { IExecuteFunctions, INodeExecutionData, INodeProperties, INodePropertyOptions } from 'n8n-workflow';

/** One entry of the Operation list: its parameters and what it does. */
export interface NodeOperation {
  readonly option: INodePropertyOptions;
  readonly parameters: INodeProperties[];
  /** Runs the operation on all input items; gives the output items, each paired with its input item. */
  execute(context: IExecuteFunctions): Promise<INodeExecutionData[]>;
}

/** What an operation that treats one item at a time does with it. */
export type ItemAction = (
  context: IExecuteFunctions,
  client: SignStashClient,
  itemIndex: number,
) => Promise<Pick<INodeExecutionData, 'json' | 'binary'>[]>;
