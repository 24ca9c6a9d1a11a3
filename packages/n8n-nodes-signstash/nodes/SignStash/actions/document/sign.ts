import { clientOf } from '../../host/client.ts';
import { nodeError } from '../../host/node-error.ts';
import type { NodeOperation } from '../node-operation.ts';
import { getSendOptions } from './sending.ts';
import { signParameters } from './sign-parameters.ts';
import { SignRun } from './sign-run.ts';

export const sign: NodeOperation = {
  option: {
    name: 'Sign',
    value: 'sign',
    description: 'Put a qualified electronic seal on documents',
    action: 'Sign document',
  },
  parameters: signParameters,
  async execute(context) {
    try {
      const sending = getSendOptions(context);
      const client = await clientOf(context, sending.client);
      return await new SignRun(context, client, sending).run();
    } catch (problem) {
      throw nodeError(context, problem, 0);
    }
  },
};
