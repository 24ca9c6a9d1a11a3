import { checkReference, type Operation, ValidationError } from '@signstash-connect/core/client';
import type { IDataObject, IExecuteFunctions, INodePropertyOptions } from 'n8n-workflow';
import { collection, number, parseAddresses, simplifyParameter, text, toggle } from '../../helpers/parameters.ts';
import { eachItem } from '../each-item.ts';
import type { NodeOperation, NodeResource } from '../resource.ts';
import { describeOperation } from './describe.ts';

const idParameter = text('Operation ID', 'operationId', {
  description: 'Number of the operation, as Document > Sign returns it',
  required: true,
  placeholder: 'e.g. 1000001',
});

const queryOptions = collection('Options', 'options', 'Add option', [
  number('Timeout (Seconds)', 'timeout', 60, { description: 'How long to wait for one response of the service' }),
]);

/** An int64, so text: as a number it could lose its last digits. */
function operationId(context: IExecuteFunctions, item: number): string {
  const id = String(context.getNodeParameter('operationId', item)).trim();
  if (/^\d{1,19}$/.test(id)) return id;
  const message = `The Operation ID ${JSON.stringify(id.slice(0, 60))} is not a number.`;
  throw new ValidationError('REFERENCE_INVALID', message, {
    hint: 'Use the operationId that Document > Sign returned, or find the operation with Get by Document Reference.',
  });
}

const option = (name: string, value: string, description: string, action: string): INodePropertyOptions => ({
  ...{ name, value, description, action },
});

const described = (context: IExecuteFunctions, item: number, operation: Operation): { json: IDataObject }[] => [
  { json: describeOperation(operation, context.getNodeParameter('simplify', item) as boolean) },
];

const downloadDocuments: NodeOperation = {
  option: {
    ...option(
      'Download Documents',
      'downloadDocuments',
      'Download the signed documents of an operation, each as an item',
      'Download signed documents',
    ),
    displayOptions: { hide: { '@tool': [true] } },
  },
  parameters: [
    idParameter,
    text('Put Output File in Field', 'outputField', {
      description: 'Name of the field that receives the signed file',
      default: 'data',
      required: true,
      hint: 'The name of the output binary field to put the file in',
    }),
    queryOptions,
  ],
  execute: eachItem(async (context, client, item) => {
    const id = operationId(context, item);
    const field = context.getNodeParameter('outputField', item) as string;
    const documents = await client.operations.downloadDocuments(id);
    return Promise.all(
      documents.map(async ({ reference, name, content }) => ({
        json: { operationId: id, externalReference: reference, fileName: name, fileSize: content.byteLength },
        binary: { [field]: await context.helpers.prepareBinaryData(Buffer.from(content), name) },
      })),
    );
  }),
};

const get: NodeOperation = {
  option: option('Get', 'get', 'Get an operation with its documents', 'Get operation'),
  parameters: [idParameter, simplifyParameter, queryOptions],
  execute: eachItem(async (context, client, item) =>
    described(context, item, await client.operations.get(operationId(context, item))),
  ),
};

const getByReference: NodeOperation = {
  option: option(
    'Get by Document Reference',
    'getByReference',
    'Get the operation that signed the document with an external reference',
    'Get operation by document reference',
  ),
  parameters: [
    text('External Reference', 'externalReference', {
      description: 'Key of the document, as Document > Sign returned it',
      required: true,
      placeholder: 'e.g. FT-2026-0001',
    }),
    simplifyParameter,
    queryOptions,
  ],
  execute: eachItem(async (context, client, item) => {
    const reference = String(context.getNodeParameter('externalReference', item)).trim();
    checkReference(reference, 'External Reference');
    return described(context, item, await client.operations.getByReference(reference));
  }),
};

const getStatus: NodeOperation = {
  option: option(
    'Get Status',
    'getStatus',
    'Get the status of an operation, without its documents',
    'Get operation status',
  ),
  parameters: [idParameter, simplifyParameter, queryOptions],
  execute: eachItem(async (context, client, item) =>
    described(context, item, await client.operations.getStatus(operationId(context, item))),
  ),
};

const resendEmails: NodeOperation = {
  option: option(
    'Resend Delivery E-Mails',
    'resendEmails',
    'Send the e-mails with the signed documents of an operation again',
    'Resend delivery e-mails',
  ),
  parameters: [
    idParameter,
    text('Receivers', 'receivers', {
      description: 'Addresses to which the service sends the e-mail. Separate several with commas.',
      required: true,
      placeholder: 'e.g. accounting@example.com, archive@example.com',
    }),
    toggle('Attach Documents', 'attachDocuments', {
      description: 'Whether to attach the signed documents to the e-mail instead of only linking to them',
    }),
    queryOptions,
  ],
  execute: eachItem(async (context, client, item) => {
    const id = operationId(context, item);
    const receivers = parseAddresses(context.getNodeParameter('receivers', item));
    const attachDocuments = context.getNodeParameter('attachDocuments', item) as boolean;
    await client.operations.resendEmails(id, receivers, { attachDocuments });
    return [{ json: { operationId: id, receivers, attachDocuments, sent: true } }];
  }),
};

export const operation: NodeResource = {
  option: {
    name: 'Operation',
    value: 'operation',
    description: 'Status, documents and e-mails of signing requests',
  },
  operations: [downloadDocuments, get, getByReference, getStatus, resendEmails],
  defaultOperation: 'get',
};
