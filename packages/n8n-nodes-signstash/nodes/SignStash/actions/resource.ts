import type { IDisplayOptions, INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import type { NodeOperation } from './node-operation.ts';
import { showFor } from './show-for.ts';

/** One entry of the Resource list. */
export interface NodeResource {
  readonly option: INodePropertyOptions;
  readonly operations: readonly NodeOperation[];
  readonly defaultOperation: string;
}

/** The Resource list; the first resource is chosen where the user chooses none. */
export function resourceList(resources: readonly NodeResource[], displayOptions: IDisplayOptions): INodeProperties {
  const preset = resources[0]?.option.value ?? '';
  return {
    displayName: 'Resource',
    name: 'resource',
    type: 'options',
    noDataExpression: true,
    displayOptions,
    options: resources.map(({ option }) => option),
    default: preset,
  };
}

/** The Operation list of a resource, and the parameters of its operations. */
export function resourceParameters({ option, operations, defaultOperation }: NodeResource): INodeProperties[] {
  const resource = String(option.value);
  return [
    {
      displayName: 'Operation',
      name: 'operation',
      type: 'options',
      noDataExpression: true,
      displayOptions: { show: { resource: [resource] } },
      options: operations.map((operation) => operation.option),
      default: defaultOperation,
    },
    ...operations.flatMap(({ option: { value }, parameters }) => showFor(resource, String(value), parameters)),
  ];
}
