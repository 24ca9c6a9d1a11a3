import { eachItem } from '../each-item.ts';
import type { NodeOperation } from '../node-operation.ts';
import { addresses } from '../receivers.ts';
import { operationId, operationIdParameter, queryOptions } from './parameters.ts';

export const resendEmails: NodeOperation = {
  option: {
    name: 'Resend Delivery E-Mails',
    value: 'resendEmails',
    description: 'Send the e-mails with the signed documents of an operation again',
    action: 'Resend delivery e-mails',
  },
  parameters: [
    operationIdParameter,
    {
      displayName: 'Receivers',
      name: 'receivers',
      type: 'string',
      default: '',
      required: true,
      placeholder: 'e.g. accounting@example.com, archive@example.com',
      description: 'Addresses to which the service sends the e-mail. Separate several with commas.',
    },
    {
      displayName: 'Attach Documents',
      name: 'attachDocuments',
      type: 'boolean',
      default: false,
      description: 'Whether to attach the signed documents to the e-mail instead of only linking to them',
    },
    queryOptions,
  ],
  execute: eachItem(async (context, client, item) => {
    const id = operationId(context, item);
    const receivers = addresses(context.getNodeParameter('receivers', item));
    const attachDocuments = context.getNodeParameter('attachDocuments', item) as boolean;
    await client.operations.resendMail(id, receivers, { attachDocuments });
    return [{ json: { operationId: id, receivers, attachDocuments, sent: true } }];
  }),
};
