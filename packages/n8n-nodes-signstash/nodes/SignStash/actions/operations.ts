import { checkReference, type Operation, type SignStashClient, ValidationError } from '@signstash-connect/core/client';
import type {
  IDataObject,
  IExecuteFunctions,
  INodeExecutionData,
  INodeProperties,
  INodePropertyOptions,
} from 'n8n-workflow';
import { failedItem, nodeError } from '../helpers/node-error.ts';
import { collection, describedParameters, simplifyParameter, splitList } from '../helpers/parameters.ts';
import { createClient } from '../transport/client.ts';
import { describeOperation } from './describe-operation.ts';
import { signParameters } from './sign/parameters.ts';
import { getSendOptions } from './sign/send-options.ts';
import { SignRun } from './sign/sign-run.ts';

/** One entry of the Operation list: its parameters and its code. */
export interface NodeOperation {
  readonly resource: 'document' | 'operation';
  readonly option: INodePropertyOptions;
  readonly parameters: INodeProperties[];
  /** Runs the operation on all input items and returns output items, each paired with its input item. */
  run(context: IExecuteFunctions): Promise<INodeExecutionData[]>;
}

/** The code of an operation that handles one item at a time. */
type ItemAction = (
  context: IExecuteFunctions,
  client: SignStashClient,
  item: number,
) => Promise<Pick<INodeExecutionData, 'json' | 'binary'>[]>;

const { number, text, toggle } = describedParameters({
  operationId: 'Number of the operation, as Document > Sign returns it',
  externalReference: 'Key of the document, as Document > Sign returned it',
  outputField: 'Name of the field that receives the signed file',
  receivers: 'Addresses to which the service sends the e-mail. Separate several with commas.',
  attachDocuments: 'Whether to attach the signed documents to the e-mail instead of only linking to them',
  timeout: 'How long to wait for one response of the service',
});
const idParameter = text('Operation ID', 'operationId', { required: true, placeholder: 'e.g. 1000001' });
const queryOptions = collection('Options', 'options', 'Add option', [number('Timeout (Seconds)', 'timeout', 60)]);

/** Every operation of the node, in the order of the lists. */
export const operations: readonly NodeOperation[] = [
  {
    resource: 'document',
    option: option('Sign', 'sign', 'Sign document', 'Sign documents with a qualified electronic seal'),
    parameters: signParameters,
    async run(context) {
      const sending = getSendOptions(context);
      return new SignRun(context, await createClient(context, sending.client)).run(sending);
    },
  },
  itemOperation(
    {
      ...option('Download Documents', 'downloadDocuments', 'Download signed documents', 'Each document as an item'),
      // Tools take no files.
      displayOptions: { hide: { '@tool': [true] } },
    },
    [
      idParameter,
      text('Put Output File in Field', 'outputField', {
        ...{ default: 'data', required: true, hint: 'The name of the output binary field to put the file in' },
      }),
    ],
    async (context, client, item) => {
      const id = operationId(context, item);
      const field = context.getNodeParameter('outputField', item) as string;
      const documents = await client.operations.downloadDocuments(id);
      return Promise.all(
        documents.map(async ({ reference, name, content }) => ({
          json: { operationId: id, externalReference: reference, fileName: name, fileSize: content.byteLength },
          binary: { [field]: await context.helpers.prepareBinaryData(Buffer.from(content), name) },
        })),
      );
    },
  ),
  itemOperation(
    option('Get', 'get', 'Get operation', 'Get an operation with its documents'),
    [idParameter, simplifyParameter],
    async (context, client, item) => described(context, item, await client.operations.get(operationId(context, item))),
  ),
  itemOperation(
    option(
      ...(['Get by Document Reference', 'getByReference', 'Get operation by document reference'] as const),
      'Get the operation that signed the document with an external reference',
    ),
    [
      text('External Reference', 'externalReference', { required: true, placeholder: 'e.g. FT-2026-0001' }),
      simplifyParameter,
    ],
    async (context, client, item) => {
      const reference = String(context.getNodeParameter('externalReference', item)).trim();
      checkReference(reference, 'External Reference');
      return described(context, item, await client.operations.getByReference(reference));
    },
  ),
  itemOperation(
    option('Get Status', 'getStatus', 'Get operation status', 'Get the status of an operation without its documents'),
    [idParameter, simplifyParameter],
    async (context, client, item) =>
      described(context, item, await client.operations.getStatus(operationId(context, item))),
  ),
  itemOperation(
    option('Resend Delivery E-Mails', 'resendEmails', 'Resend delivery e-mails', 'Send the signed documents again'),
    [
      idParameter,
      text('Receivers', 'receivers', { required: true, placeholder: 'e.g. ana@example.com, archive@example.com' }),
      toggle('Attach Documents', 'attachDocuments'),
    ],
    async (context, client, item) => {
      const id = operationId(context, item);
      const receivers = splitList(context.getNodeParameter('receivers', item));
      const attachDocuments = context.getNodeParameter('attachDocuments', item) as boolean;
      await client.operations.resendEmails(id, receivers, { attachDocuments });
      return [{ json: { operationId: id, receivers, attachDocuments, sent: true } }];
    },
  ),
];

function option(name: string, value: string, action: string, description: string): INodePropertyOptions {
  return { name, value, description, action };
}

/** Runs an action on each item. If the workflow continues after failures, a failed item is replaced by one with the reason. */
function itemOperation(entry: INodePropertyOptions, parameters: INodeProperties[], action: ItemAction): NodeOperation {
  const run: NodeOperation['run'] = async (context) => {
    const { timeout = 60 } = context.getNodeParameter('options', 0, {}) as { timeout?: number };
    const client = await createClient(context, { timeouts: { lookupTimeoutMs: timeout * 1000 } });
    const outputs: INodeExecutionData[] = [];
    for (let item = 0; item < context.getInputData().length; item++) {
      try {
        const results = await action(context, client, item);
        outputs.push(...results.map((result) => ({ ...result, pairedItem: { item } })));
      } catch (error) {
        if (!context.continueOnFail()) throw nodeError(context, error, item);
        outputs.push(failedItem(context, error, item));
      }
    }
    return outputs;
  };
  return { resource: 'operation', option: entry, parameters: [...parameters, queryOptions], run };
}

/** An int64, so text: as a number it could lose its last digits. */
function operationId(context: IExecuteFunctions, item: number): string {
  const id = String(context.getNodeParameter('operationId', item)).trim();
  if (/^\d{1,19}$/.test(id)) return id;
  const message = `Invalid Operation ID ${JSON.stringify(id.slice(0, 60))}: expected a number.`;
  throw new ValidationError('REFERENCE_INVALID', message, {
    hint: 'Use the operationId that Document > Sign returned, or find the operation with Get by Document Reference.',
  });
}

const described = (context: IExecuteFunctions, item: number, operation: Operation): { json: IDataObject }[] => [
  { json: describeOperation(operation, context.getNodeParameter('simplify', item) as boolean) },
];
