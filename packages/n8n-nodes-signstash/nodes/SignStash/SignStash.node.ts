import {
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeType,
  type INodeTypeDescription,
  NodeConnectionTypes,
  NodeOperationError,
} from 'n8n-workflow';
import { operations } from './actions/operations.ts';
import { properties } from './actions/properties.ts';
import { nodeError } from './helpers/node-error.ts';

/** The editor's caption below a node, by operation: "Sign document". */
const captions = Object.fromEntries(operations.map(({ option }) => [option.value, option.action]));

export class SignStash implements INodeType {
  description: INodeTypeDescription = {
    displayName: "Sign'Stash",
    name: 'signStash',
    icon: { light: 'file:signstash.svg', dark: 'file:signstash.dark.svg' },
    group: ['transform'],
    version: 1,
    subtitle: `={{ (${JSON.stringify(captions)})[$parameter["operation"]] }}`,
    description: 'Sign invoices and other documents with qualified electronic seals',
    defaults: { name: "Sign'Stash" },
    usableAsTool: true,
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    credentials: [{ name: 'signStashOAuth2Api', required: true }],
    properties,
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const [resource, name] = [this.getNodeParameter('resource', 0), this.getNodeParameter('operation', 0)];
    const operation = operations.find((each) => each.resource === resource && each.option.value === name);
    if (!operation) throw new NodeOperationError(this.getNode(), 'Choose a resource and an operation.');
    try {
      return [await operation.run(this)];
    } catch (error) {
      throw nodeError(this, error, 0);
    }
  }
}
