import { nodeError } from '../../helpers/node-error.ts';
import { createClient } from '../../transport/client.ts';
import type { NodeOperation } from '../node-operation.ts';
import { getSendOptions } from './send-options.ts';
import { signParameters } from './sign-parameters.ts';
import { SignRun } from './sign-run.ts';

export const sign: NodeOperation = {
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
      return await new SignRun(context, client, sending).run();
    } catch (problem) {
      throw nodeError(context, problem, 0);
    }
  },
};
