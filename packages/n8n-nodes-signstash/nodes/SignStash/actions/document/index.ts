import type { NodeResource } from '../resource.ts';
import { sign } from './sign.ts';

export const document: NodeResource = {
  option: {
    name: 'Document',
    value: 'document',
    description: 'PDF, XML or other files to seal',
    // Every seal is binding and is paid for: not a thing for an agent to try.
    displayOptions: { hide: { '@tool': [true] } },
  },
  operations: [sign],
  defaultOperation: 'sign',
};
