import type { SignStashClient } from '@signstash-connect/core/client';
import type {
  IDisplayOptions,
  IExecuteFunctions,
  INodeExecutionData,
  INodeProperties,
  INodePropertyOptions,
} from 'n8n-workflow';

/** One entry of the Operation list: its parameters and its code. */
export interface NodeOperation {
  readonly option: INodePropertyOptions;
  readonly parameters: INodeProperties[];
  /** Runs the operation on all input items and returns output items, each paired with its input item. */
  execute(context: IExecuteFunctions): Promise<INodeExecutionData[]>;
}

/** The code of an operation that handles one item at a time. */
export type ItemAction = (
  context: IExecuteFunctions,
  client: SignStashClient,
  itemIndex: number,
) => Promise<Pick<INodeExecutionData, 'json' | 'binary'>[]>;

/** One entry of the Resource list. */
export interface NodeResource {
  readonly option: INodePropertyOptions;
  readonly operations: readonly NodeOperation[];
  readonly defaultOperation: string;
}

/** The Resource list; the first resource is the default. */
export function resourceList(resources: readonly NodeResource[], displayOptions: IDisplayOptions): INodeProperties {
  const first = resources[0]?.option.value ?? '';
  return {
    displayName: 'Resource',
    name: 'resource',
    type: 'options',
    noDataExpression: true,
    displayOptions,
    options: resources.map(({ option }) => option),
    default: first,
  };
}

/** The Operation list of a resource, and the parameters of its operations. */
export function resourceParameters({ option, operations, defaultOperation }: NodeResource): INodeProperties[] {
  const resource = [String(option.value)];
  const list: INodeProperties = {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    displayOptions: { show: { resource } },
    options: operations.map((operation) => operation.option),
    default: defaultOperation,
  };
  const parameters = operations.flatMap(({ option: { value }, parameters: own }) =>
    own.map(({ displayOptions, ...parameter }) => ({
      ...parameter,
      displayOptions: { ...displayOptions, show: { ...displayOptions?.show, resource, operation: [String(value)] } },
    })),
  );
  return [list, ...parameters];
}
