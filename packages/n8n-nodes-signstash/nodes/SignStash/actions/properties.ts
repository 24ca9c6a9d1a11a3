import type { IDisplayOptions, INodeProperties } from 'n8n-workflow';
import { type NodeOperation, operations } from './operations.ts';

type Resource = NodeOperation['resource'];

const resources = {
  document: { name: 'Document', description: 'PDF, XML and other files to sign' },
  operation: { name: 'Operation', description: 'Status, documents and e-mails of signing requests' },
};
const defaultOperations = { document: 'sign', operation: 'get' };

/** The Resource list; its first entry is the default. */
function resourceList(values: readonly [Resource, ...Resource[]], displayOptions: IDisplayOptions): INodeProperties {
  const [first] = values;
  return {
    displayName: 'Resource',
    name: 'resource',
    type: 'options',
    noDataExpression: true,
    displayOptions,
    options: values.map((value) => ({ ...resources[value], value })),
    default: first,
  };
}

/** The Operation list of a resource. */
function operationList(resource: Resource): INodeProperties {
  const defaultOperation = defaultOperations[resource];
  return {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    displayOptions: { show: { resource: [resource] } },
    options: operations.filter((each) => each.resource === resource).map(({ option }) => option),
    default: defaultOperation,
  };
}

/** The parameters of an operation, shown only for it. */
const ownParameters = ({ resource, option, parameters }: NodeOperation): INodeProperties[] =>
  parameters.map(({ displayOptions, ...parameter }) => {
    const show = { ...displayOptions?.show, resource: [resource], operation: [option.value] };
    return { ...parameter, displayOptions: { ...displayOptions, show } };
  });

export const properties: INodeProperties[] = [
  resourceList(['document', 'operation'], { hide: { '@tool': [true] } }),
  // Every signature is binding and charged, and tools take no files: agents can only query operations.
  resourceList(['operation'], { show: { '@tool': [true] } }),
  operationList('document'),
  operationList('operation'),
  ...operations.flatMap(ownParameters),
];
