import type { NodeResource } from '../resource.ts';
import { downloadDocuments } from './download-documents.ts';
import { get } from './get.ts';
import { getByReference } from './get-by-reference.ts';
import { getStatus } from './get-status.ts';
import { resendMails } from './resend-mails.ts';

export const operation: NodeResource = {
  option: {
    name: 'Operation',
    value: 'operation',
    description: 'Status, documents and e-mails of what was sent for sealing',
  },
  operations: [downloadDocuments, get, getByReference, getStatus, resendMails],
  defaultOperation: 'get',
};
