import {
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
  NodeConnectionTypes,
  NodeOperationError,
} from 'n8n-workflow';
import { document } from './actions/document/index.ts';
import { operation } from './actions/operation/index.ts';
import { resourceParameters } from './actions/resource.ts';

const resources = [document, operation];

export class SignStash implements INodeType {
  description: INodeTypeDescription = {
    displayName: "Sign'Stash",
    name: 'signStash',
    icon: { light: 'file:signstash.svg', dark: 'file:signstash.dark.svg' },
    group: ['transform'],
    version: 1,
    subtitle: '={{ $parameter["operation"] + ": " + $parameter["resource"] }}',
    description: 'Put qualified electronic seals on invoices and other documents',
    defaults: { name: "Sign'Stash" },
    usableAsTool: true,
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: 'signStashOAuth2Api', required: true }],
    properties: [
      {
        displayName: 'Resource',
        name: 'resource',
        type: 'options',
        noDataExpression: true,
        options: resources.map(({ option }) => option),
        default: 'document',
      },
      ...resources.flatMap(resourceParameters),
    ],
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const resource = resources.find(({ option }) => option.value === this.getNodeParameter('resource', 0));
    const chosen = resource?.operations.find(({ option }) => option.value === this.getNodeParameter('operation', 0));
    if (!chosen) throw new NodeOperationError(this.getNode(), 'Choose a resource and an operation.');
    return [await chosen.execute(this)];
  }
}
