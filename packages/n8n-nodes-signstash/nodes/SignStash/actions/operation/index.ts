import type { NodeResource } from '../resource.ts';
import { downloadDocuments } from './download-documents.ts';
import { get } from './get.ts';
import { getByReference } from './get-by-reference.ts';
import { getStatus } from './get-status.ts';
import { resendEmails } from './resend-emails.ts';

export const operation: NodeResource = {
  option: {
    name: 'Operation',
    value: 'operation',
    description: 'Status, documents and e-mails of signing requests',
  },
  operations: [downloadDocuments, get, getByReference, getStatus, resendEmails],
  defaultOperation: 'get',
};
