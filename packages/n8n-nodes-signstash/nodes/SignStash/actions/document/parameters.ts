import type { INodeProperties } from 'n8n-workflow';
import { choice, collection, number, simplifyParameter, text, toggle } from '../../helpers/parameters.ts';

const forPdf = { displayOptions: { show: { '/signatureType': ['auto', 'PAdES'] } } };
const forXml = { displayOptions: { show: { '/signatureType': ['auto', 'XAdES'] } } };
const forVisible = { visibleSeal: [true], signatureType: ['auto', 'PAdES'] };
const at = (position: string) => ({ displayOptions: { show: { ...forVisible, sealPosition: [position] } } });

/** Where a visible seal is placed and how it is drawn. */
const visibleSeal: INodeProperties[] = [
  toggle('Visible Seal', 'visibleSeal', {
    description: 'Whether to show the seal on a page. An invisible seal is just as valid.',
    displayOptions: { show: { signatureType: ['auto', 'PAdES'] } },
  }),
  choice('Seal Position', 'sealPosition', {
    choices: [
      ['At Coordinates', 'coordinates', 'A point on a page, measured from its top left corner'],
      ['At Placeholder Text', 'placeholder', 'Below the first occurrence of a word of the document'],
      ['In Signature Field', 'field', 'An empty signature field of the PDF'],
    ],
    description: 'How the position of the seal is determined',
    displayOptions: { show: forVisible },
  }),
  number('Page', 'sealPage', 1, {
    description: 'Number of the page that shows the seal, counted from 1',
    ...at('coordinates'),
  }),
  number('X', 'sealX', 70, {
    description: 'Distance from the left edge of the page to the left edge of the seal, in points (A4: 595)',
    typeOptions: { minValue: 0 },
    ...at('coordinates'),
  }),
  number('Y', 'sealY', 100, {
    description: 'Distance from the top edge of the page down to the top edge of the seal, in points (A4: 842)',
    typeOptions: { minValue: 0 },
    ...at('coordinates'),
  }),
  text('Signature Field Name', 'sealField', {
    description: 'Name of an empty signature field of the PDF',
    required: true,
    placeholder: 'e.g. Signature1',
    ...at('field'),
  }),
  text('Placeholder Text', 'sealPlaceholder', {
    description: 'Word of the document below whose first occurrence the seal is placed; documents without it fail',
    required: true,
    placeholder: 'e.g. #seal#',
    ...at('placeholder'),
  }),
  text('Seal Text', 'sealText', {
    description: 'Text of the seal (Velocity template). Leave empty to use the template configured at the service.',
    typeOptions: { rows: 2 },
    default: 'Digitally signed by $certificate.getCommonName()',
    displayOptions: { show: forVisible },
  }),
  collection(
    'Seal Appearance',
    'sealAppearance',
    'Add property',
    [
      text('Background Color', 'background', {
        description: 'Color behind the seal text, as #RRGGBB or the word transparent',
        default: 'transparent',
      }),
      number('Font Size', 'fontSize', 11, { description: 'Size of the seal text in points' }),
      number('Height', 'height', 50, { description: 'Height of the seal in points. Set it together with Width.' }),
      text('Image Field Name', 'imageField', {
        description: 'Name of the input binary field containing a PNG or JPEG image for the seal',
        placeholder: 'e.g. logo',
      }),
      number('Width', 'width', 155, { description: 'Width of the seal in points. Set it together with Height.' }),
    ],
    { displayOptions: { show: forVisible } },
  ),
];

/** How one document is signed, and what the output is. Read for each item. */
const options = collection('Options', 'options', 'Add option', [
  toggle('Add Timestamp', 'timestamp', {
    description: 'Whether to add a qualified timestamp to the signature. It may be charged.',
  }),
  text('Description', 'description', {
    description: 'Text that the service shows. Only documents with the same description share a request.',
    placeholder: 'e.g. Invoices of October',
  }),
  text('External Reference', 'externalReference', {
    description:
      'Key of the document, unique in the whole service. A document whose key the service already knows is retrieved, not signed again. If empty, the key is derived from content and file name.',
    placeholder: 'e.g. FT-2026-0001',
  }),
  text('Location', 'location', {
    description: 'Place of signing, as PDF readers show it',
    placeholder: 'e.g. Lisboa',
    ...forPdf,
  }),
  text('Output File Name', 'outputFileName', {
    description: 'Name of the signed file; {name} and {extension} are those of the input file',
    default: '{name}-signed{extension}',
  }),
  text('Put Output File in Field', 'outputField', {
    description: 'Names of the output binary fields, separated by commas. If not set, files stay in their field.',
    default: 'data',
  }),
  text('Reason', 'reason', { description: 'Reason for signing, as PDF readers show it', placeholder: 'e.g. Invoice' }),
  choice('XML Canonicalization', 'xmlCanonicalization', {
    choices: { EXCLUSIVE: 'Exclusive', EXCLUSIVE_WITH_COMMENTS: 'Exclusive With Comments' },
    description: 'How the XML is normalized before it is hashed',
    ...forXml,
  }),
  text('XML Parent Element', 'xmlParentElement', {
    description: 'Name of the element in which the signature is placed',
    placeholder: 'e.g. ext:ExtensionContent',
    ...forXml,
  }),
  choice('XML Transform', 'xmlTransform', {
    choices: { ENVELOPED: 'Enveloped', XPATH: 'XPath', XPATH2_FILTER: 'XPath 2 Filter' },
    description: 'Which part of the XML the signature covers',
    ...forXml,
  }),
]);

/** What the service does with the signed document. Read for each item; items with the same settings share requests. */
const delivery = collection('Archive and Delivery', 'delivery', 'Add setting', [
  toggle('Attach Documents', 'attachDocuments', {
    description: 'Whether to attach the signed documents to the e-mail instead of linking to them',
  }),
  toggle('Keep in Archive', 'preserveContent', {
    description: 'Whether the service archives the signed document for later download',
  }),
  text('Send to E-Mail Addresses', 'receivers', {
    description: 'Addresses to which the service sends the signed document. Separate several with commas.',
    placeholder: 'e.g. accounting@example.com, archive@example.com',
  }),
]);

/** How documents are sent. Read once per execution, from the first item. */
const sending = collection('Sending', 'sending', 'Add setting', [
  number('Batch Size', 'batchSize', 50, {
    description: 'Maximum number of documents in one request, which is much faster than one request each',
    typeOptions: { minValue: 1, maxValue: 99 },
  }),
  number('Batch Size (MB)', 'batchMegabytes', 25, {
    description: 'Maximum size of the documents in one request, in addition to Batch Size. Larger files go alone.',
  }),
  toggle('Look Up First', 'lookUpFirst', {
    description: 'Whether to look up documents before sending them, so that those already signed are retrieved',
    default: true,
  }),
  number('Max File Size (MB)', 'maxFileMegabytes', 100, {
    description: 'Maximum size of one file. Larger files are rejected before they are read.',
  }),
  choice('Request Format', 'format', {
    choices: [
      ['JSON', 'json', 'Documents in base64'],
      ['Multipart', 'multipart', 'A quarter less to send, if your service accepts it'],
    ],
    description: 'Encoding of the documents in a request',
  }),
  number('Timeout (Seconds)', 'timeout', 300, {
    description: 'How long to wait for one response. After that, documents are looked up, not sent again.',
  }),
  number('Wait for Execution (Seconds)', 'waitForExecution', 300, {
    description: 'How long to wait for documents that are accepted but not signed yet',
    typeOptions: { minValue: 0 },
  }),
]);

export const signParameters: INodeProperties[] = [
  text('Input Data Field Name', 'inputField', {
    description: 'Name of the field with the file; an expression may also return files themselves',
    default: 'data',
    required: true,
    hint: 'The name of the input binary field containing the file to be signed. Separate several names with commas.',
  }),
  choice('Signature Type', 'signatureType', {
    choices: [
      ['Automatic', 'auto', 'PAdES for PDF files and XAdES for XML files'],
      ['CAdES', 'CAdES', 'For any file'],
      ['PAdES', 'PAdES', 'For PDF files'],
      ['XAdES', 'XAdES', 'For XML files'],
    ],
    description: 'Format of the electronic seal',
  }),
  ...visibleSeal,
  simplifyParameter,
  options,
  delivery,
  sending,
];
