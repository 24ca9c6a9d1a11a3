import { eachItem } from '../each-item.ts';
import type { NodeOperation } from '../node-operation.ts';
import { addresses } from '../receivers.ts';
import { operationId, operationIdParameter, questionOptions } from './parameters.ts';

export const resendMails: NodeOperation = {
  option: {
    name: 'Resend Delivery Mails',
    value: 'resendMails',
    description: 'Send the e-mails with the sealed documents of an operation again',
    action: 'Resend delivery mails',
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
      description: 'Whether to attach the sealed documents to the e-mail instead of only linking to them',
    },
    questionOptions,
  ],
  execute: eachItem(async (context, client, item) => {
    const id = operationId(context, item);
    const receivers = addresses(context.getNodeParameter('receivers', item));
    const attachDocuments = context.getNodeParameter('attachDocuments', item) as boolean;
    await client.operations.resendMail(id, receivers, { attachDocuments });
    return [{ json: { operationId: id, receivers, attachDocuments, sent: true } }];
  }),
};
