import { nodeError } from '../../helpers/node-error.ts';
import { createClient } from '../../transport/client.ts';
import type { NodeOperation, NodeResource } from '../resource.ts';
import { signParameters } from './parameters.ts';
import { getSendOptions } from './send-options.ts';
import { SignRun } from './sign-run.ts';

const sign: NodeOperation = {
  option: {
    name: 'Sign',
    value: 'sign',
    description: 'Sign documents with a qualified electronic seal',
    action: 'Sign document',
  },
  parameters: signParameters,
  async execute(context) {
    try {
      const sending = getSendOptions(context);
      const client = await createClient(context, sending.client);
      return await new SignRun(context, client).run(sending);
    } catch (problem) {
      throw nodeError(context, problem, 0);
    }
  },
};

export const document: NodeResource = {
  option: { name: 'Document', value: 'document', description: 'PDF, XML and other files to sign' },
  operations: [sign],
  defaultOperation: 'sign',
};
