import type { NodeResource } from '../resource.ts';
import { sign } from './sign.ts';

export const document: NodeResource = {
  option: {
    name: 'Document',
    value: 'document',
    description: 'PDF, XML and other files to sign',
  },
  operations: [sign],
  defaultOperation: 'sign',
};
