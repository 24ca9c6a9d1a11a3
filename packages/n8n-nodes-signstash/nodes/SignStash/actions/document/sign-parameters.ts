import type { INodeProperties } from 'n8n-workflow';
import { simplifyParameter } from '../operation/parameters.ts';
import { visibleSealParameters } from './visible-seal-parameters.ts';

const forPdf = { displayOptions: { show: { '/signatureType': ['auto', 'PAdES'] } } };
const forXml = { displayOptions: { show: { '/signatureType': ['auto', 'XAdES'] } } };

/** How one document is sealed, and what comes out. Read for each item. */
const options: INodeProperties = {
  displayName: 'Options',
  name: 'options',
  type: 'collection',
  placeholder: 'Add option',
  default: {},
  options: [
    {
      displayName: 'Add Timestamp',
      name: 'timestamp',
      type: 'boolean',
      default: false,
      description: 'Whether to add a qualified timestamp, which may be charged',
    },
    {
      displayName: 'Description',
      name: 'description',
      type: 'string',
      default: '',
      placeholder: 'e.g. Invoices of October',
      description: 'What signers are shown; documents with the same description share requests',
    },
    {
      displayName: 'External Reference',
      name: 'externalReference',
      type: 'string',
      default: '',
      placeholder: 'e.g. FT-2026-0001',
      description:
        'Key by which the service knows the document, unique in the whole system. A document whose reference is known is fetched, not sealed again. Made from content and file name if empty.',
    },
    {
      displayName: 'Location',
      name: 'location',
      type: 'string',
      default: '',
      placeholder: 'e.g. Lisboa',
      description: 'Place of sealing, which PDF readers show',
      ...forPdf,
    },
    {
      displayName: 'Output File Name',
      name: 'outputFileName',
      type: 'string',
      default: '{name}-sealed{extension}',
      description: 'Name of the sealed file; {name} and {extension} stand for those of the input file',
    },
    {
      displayName: 'Put Output File in Field',
      name: 'outputField',
      type: 'string',
      default: 'data',
      description: 'Binary field of the output item; the field of the input file if not set. Several as for the input.',
    },
    {
      displayName: 'Reason',
      name: 'reason',
      type: 'string',
      default: '',
      placeholder: 'e.g. Invoice',
      description: 'Reason of sealing, which PDF readers show',
    },
    {
      displayName: 'XML Canonicalization',
      name: 'xmlCanonicalization',
      type: 'options',
      options: [
        { name: 'Exclusive', value: 'EXCLUSIVE' },
        { name: 'Exclusive With Comments', value: 'EXCLUSIVE_WITH_COMMENTS' },
      ],
      default: 'EXCLUSIVE',
      ...forXml,
    },
    {
      displayName: 'XML Parent Element',
      name: 'xmlParentElement',
      type: 'string',
      default: '',
      placeholder: 'e.g. ext:ExtensionContent',
      description: 'Element that takes the signature',
      ...forXml,
    },
    {
      displayName: 'XML Transform',
      name: 'xmlTransform',
      type: 'options',
      options: [
        { name: 'Enveloped', value: 'ENVELOPED' },
        { name: 'XPath', value: 'XPATH' },
        { name: 'XPath 2 Filter', value: 'XPATH2_FILTER' },
      ],
      default: 'ENVELOPED',
      ...forXml,
    },
  ],
};

/** What the service does with the sealed document. Read for each item; items with the same settings share requests. */
const delivery: INodeProperties = {
  displayName: 'Archive and Delivery',
  name: 'delivery',
  type: 'collection',
  placeholder: 'Add setting',
  default: {},
  options: [
    {
      displayName: 'Attach Documents',
      name: 'attachDocuments',
      type: 'boolean',
      default: false,
      description: 'Whether the e-mail has the sealed documents attached, not only a link to them',
    },
    {
      displayName: 'Keep in Archive',
      name: 'preserveContent',
      type: 'boolean',
      default: false,
      description: 'Whether the service keeps the sealed document',
    },
    {
      displayName: 'Send to E-Mail Addresses',
      name: 'receivers',
      type: 'string',
      default: '',
      placeholder: 'e.g. accounting@example.com, archive@example.com',
      description: 'Who gets the sealed document from the service, separated by commas',
    },
  ],
};

/** How documents travel. Read once for a run, from the first item. */
const sending: INodeProperties = {
  displayName: 'Sending',
  name: 'sending',
  type: 'collection',
  placeholder: 'Add setting',
  default: {},
  options: [
    {
      displayName: 'Batch Size',
      name: 'batchSize',
      type: 'number',
      typeOptions: { minValue: 1, maxValue: 99 },
      default: 50,
      description: 'Most documents in one request; many in one request are sealed much faster than one each',
    },
    {
      displayName: 'Batch Size (MB)',
      name: 'batchMegabytes',
      type: 'number',
      typeOptions: { minValue: 1 },
      default: 25,
      description: 'A request is not filled beyond this, to keep within the memory of n8n; a larger file goes alone',
    },
    {
      displayName: 'Look Up First',
      name: 'lookUpFirst',
      type: 'boolean',
      default: true,
      description:
        'Whether to ask for each reference before sending, so that what an earlier execution sealed is fetched instead of sealed and paid for again',
    },
    {
      displayName: 'Max File Size (MB)',
      name: 'maxFileMegabytes',
      type: 'number',
      typeOptions: { minValue: 1 },
      default: 100,
      description: 'Larger files are refused before they are read',
    },
    {
      displayName: 'Request Format',
      name: 'format',
      type: 'options',
      options: [
        { name: 'JSON', value: 'json' },
        { name: 'Multipart', value: 'multipart', description: 'A third less to send' },
      ],
      default: 'json',
    },
    {
      displayName: 'Timeout (Seconds)',
      name: 'timeout',
      type: 'number',
      typeOptions: { minValue: 1 },
      default: 300,
      description:
        'How long to wait for the answer to one request. After it the service is asked what became of the documents; none is sent twice in doubt.',
    },
    {
      displayName: 'Wait for Execution (Seconds)',
      name: 'waitForExecution',
      type: 'number',
      typeOptions: { minValue: 0 },
      default: 300,
      description: 'How long to wait for an operation that the service has taken but not executed yet',
    },
  ],
};

export const signParameters: INodeProperties[] = [
  {
    displayName: 'Input Data Field Name',
    name: 'inputField',
    type: 'string',
    default: 'data',
    required: true,
    hint: 'The name of the input field containing the file to be sealed; several are separated by commas',
    description: 'An expression may also give the file itself, or a list of files',
  },
  {
    displayName: 'Signature Type',
    name: 'signatureType',
    type: 'options',
    options: [
      { name: 'Automatic', value: 'auto', description: 'PAdES for PDF files, XAdES for XML files' },
      { name: 'CAdES', value: 'CAdES', description: 'Any file' },
      { name: 'PAdES', value: 'PAdES', description: 'PDF files' },
      { name: 'XAdES', value: 'XAdES', description: 'XML files' },
    ],
    default: 'auto',
  },
  ...visibleSealParameters,
  simplifyParameter,
  options,
  delivery,
  sending,
];
