import type { INodeProperties } from 'n8n-workflow';
import { simplifyParameter } from '../operation/parameters.ts';
import { visibleSealParameters } from './visible-seal-parameters.ts';

const forPdf = { displayOptions: { show: { '/signatureType': ['auto', 'PAdES'] } } };
const forXml = { displayOptions: { show: { '/signatureType': ['auto', 'XAdES'] } } };

/** How one document is signed, and what the output is. Read for each item. */
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
      description: 'Whether to add a qualified timestamp to the signature. It may be charged.',
    },
    {
      displayName: 'Description',
      name: 'description',
      type: 'string',
      default: '',
      placeholder: 'e.g. Invoices of October',
      description:
        'Text that the service shows for the request. Only documents with the same description share a request.',
    },
    {
      displayName: 'External Reference',
      name: 'externalReference',
      type: 'string',
      default: '',
      placeholder: 'e.g. FT-2026-0001',
      description:
        'Key of the document, unique in the whole service. A document whose key the service already knows is retrieved, not signed again. If empty, the key is derived from content and file name.',
    },
    {
      displayName: 'Location',
      name: 'location',
      type: 'string',
      default: '',
      placeholder: 'e.g. Lisboa',
      description: 'Place of signing, as PDF readers show it',
      ...forPdf,
    },
    {
      displayName: 'Output File Name',
      name: 'outputFileName',
      type: 'string',
      default: '{name}-signed{extension}',
      description: 'Name of the signed file, where {name} and {extension} stand for those of the input file',
    },
    {
      displayName: 'Put Output File in Field',
      name: 'outputField',
      type: 'string',
      default: 'data',
      description:
        'Name of the output binary field. If not set, the signed file replaces the input file in its field. Separate several names with commas.',
    },
    {
      displayName: 'Reason',
      name: 'reason',
      type: 'string',
      default: '',
      placeholder: 'e.g. Invoice',
      description: 'Reason for signing, as PDF readers show it',
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
      description: 'How the XML is normalized before it is hashed',
      ...forXml,
    },
    {
      displayName: 'XML Parent Element',
      name: 'xmlParentElement',
      type: 'string',
      default: '',
      placeholder: 'e.g. ext:ExtensionContent',
      description: 'Name of the element in which the signature is placed',
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
      description: 'Which part of the XML the signature covers',
      ...forXml,
    },
  ],
};

/** What the service does with the signed document. Read for each item; items with the same settings share requests. */
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
      description: 'Whether to attach the signed documents to the e-mail instead of only linking to them',
    },
    {
      displayName: 'Keep in Archive',
      name: 'preserveContent',
      type: 'boolean',
      default: false,
      description: 'Whether the service archives the signed document, so that it can be downloaded later',
    },
    {
      displayName: 'Send to E-Mail Addresses',
      name: 'receivers',
      type: 'string',
      default: '',
      placeholder: 'e.g. accounting@example.com, archive@example.com',
      description: 'Addresses to which the service sends the signed document. Separate several with commas.',
    },
  ],
};

/** How documents are sent. Read once per execution, from the first item. */
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
      description:
        'Maximum number of documents in one request, up to 99. One request for many documents is much faster than one request each.',
    },
    {
      displayName: 'Batch Size (MB)',
      name: 'batchMegabytes',
      type: 'number',
      typeOptions: { minValue: 1 },
      default: 25,
      description:
        'Maximum total size of the documents in one request, before encoding. A request ends at this size or at Batch Size, whichever comes first, so that n8n does not run out of memory. A larger file is sent alone.',
    },
    {
      displayName: 'Look Up First',
      name: 'lookUpFirst',
      type: 'boolean',
      default: true,
      description:
        'Whether to look up each document at the service before sending it, so that documents of an earlier execution are retrieved instead of signed and charged again',
    },
    {
      displayName: 'Max File Size (MB)',
      name: 'maxFileMegabytes',
      type: 'number',
      typeOptions: { minValue: 1 },
      default: 100,
      description: 'Maximum size of one file. Larger files are rejected before they are read.',
    },
    {
      displayName: 'Request Format',
      name: 'format',
      type: 'options',
      options: [
        { name: 'JSON', value: 'json' },
        { name: 'Multipart', value: 'multipart', description: 'A quarter less to send, if your service accepts it' },
      ],
      default: 'json',
      description: 'Encoding of the documents in a request',
    },
    {
      displayName: 'Timeout (Seconds)',
      name: 'timeout',
      type: 'number',
      typeOptions: { minValue: 1 },
      default: 300,
      description:
        'How long to wait for the response to one request. After that, the node looks up the documents at the service instead of sending them again.',
    },
    {
      displayName: 'Wait for Execution (Seconds)',
      name: 'waitForExecution',
      type: 'number',
      typeOptions: { minValue: 0 },
      default: 300,
      description: 'How long to wait for documents that the service has accepted but not signed yet',
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
    hint: 'The name of the input binary field containing the file to be signed. Separate several names with commas.',
    description: 'Name of the field with the file. An expression may also return the file itself, or a list of files.',
  },
  {
    displayName: 'Signature Type',
    name: 'signatureType',
    type: 'options',
    options: [
      { name: 'Automatic', value: 'auto', description: 'PAdES for PDF files and XAdES for XML files' },
      { name: 'CAdES', value: 'CAdES', description: 'For any file' },
      { name: 'PAdES', value: 'PAdES', description: 'For PDF files' },
      { name: 'XAdES', value: 'XAdES', description: 'For XML files' },
    ],
    default: 'auto',
    description: 'Format of the electronic seal',
  },
  ...visibleSealParameters,
  simplifyParameter,
  options,
  delivery,
  sending,
];
