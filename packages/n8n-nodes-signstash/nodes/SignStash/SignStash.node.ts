import {
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
  NodeConnectionTypes,
  NodeOperationError,
} from 'n8n-workflow';
import { document } from './actions/document/sign.ts';
import { operation } from './actions/operation/index.ts';
import { resourceList, resourceParameters } from './actions/resource.ts';

const resources = [document, operation];
/** The editor's caption below a node, by operation: "Sign document". */
const actions = Object.fromEntries(
  resources.flatMap(({ operations }) => operations.map(({ option }) => [option.value, option.action])),
);

export class SignStash implements INodeType {
  description: INodeTypeDescription = {
    displayName: "Sign'Stash",
    name: 'signStash',
    icon: { light: 'file:signstash.svg', dark: 'file:signstash.dark.svg' },
    group: ['transform'],
    version: 1,
    subtitle: `={{ (${JSON.stringify(actions)})[$parameter["operation"]] }}`,
    description: 'Sign invoices and other documents with qualified electronic seals',
    defaults: { name: "Sign'Stash" },
    usableAsTool: true,
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: 'signStashOAuth2Api', required: true }],
    properties: [
      resourceList(resources, { hide: { '@tool': [true] } }),
      // Every signature is binding and charged, and tools take no files: agents can only query operations.
      resourceList([operation], { show: { '@tool': [true] } }),
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
