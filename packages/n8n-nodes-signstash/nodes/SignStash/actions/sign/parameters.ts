import type { INodeProperties } from 'n8n-workflow';
import { collection, describedParameters, simplifyParameter } from '../../helpers/parameters.ts';

// Parameters that are sign options have the names that core's adapter kit gives them.
const { choice, number, text, toggle } = describedParameters({
  inputField: 'Name of the field with the file; an expression may also return files themselves',
  signatureType: 'Format of the electronic seal',
  visibleSeal: 'Whether to show the seal on a page. An invisible seal is just as valid.',
  sealPosition: 'How the position of the seal is determined',
  sealPage: 'Number of the page that shows the seal, counted from 1',
  sealX: 'Distance from the left edge of the page to the left edge of the seal, in points (A4: 595)',
  sealY: 'Distance from the top edge of the page down to the top edge of the seal, in points (A4: 842)',
  visibleField: 'Name of an empty signature field of the PDF',
  visiblePlaceholder: 'Word of the document below whose first occurrence the seal is placed; documents without it fail',
  visibleText: 'Text of the seal (Velocity template). Leave empty to use the template configured at the service.',
  visibleBackground: 'Color behind the seal text, as #RRGGBB or the word transparent',
  visibleFontSize: 'Size of the seal text in points',
  height: 'Height of the seal in points. Set it together with Width.',
  visibleImage: 'Name of the input binary field containing a PNG or JPEG image for the seal',
  width: 'Width of the seal in points. Set it together with Height.',
  timestamp: 'Whether to add a qualified timestamp to the signature. It may be charged.',
  description: 'Text that the service shows. Only documents with the same description share a request.',
  reference:
    'Key of the document, unique in the whole service. A document whose key the service already knows is retrieved, not signed again. If empty, the key is derived from content and file name.',
  location: 'Place of signing, as PDF readers show it',
  outputFileName: 'Name of the signed file; {name} and {extension} are those of the input file',
  outputField: 'Names of the output binary fields, separated by commas. If not set, files stay in their field.',
  reason: 'Reason for signing, as PDF readers show it',
  xmlCanonicalization: 'How the XML is normalized before it is hashed',
  xmlParentElement: 'Name of the element in which the signature is placed',
  xmlTransform: 'Which part of the XML the signature covers',
  deliveryAttach: 'Whether to attach the signed documents to the e-mail instead of linking to them',
  preserveContent: 'Whether the service archives the signed document for later download',
  deliveryEmails: 'Addresses to which the service sends the signed document. Separate several with commas.',
  batchSize: 'Maximum number of documents in one request, which is much faster than one request each',
  batchMegabytes: 'Maximum size of the documents in one request, in addition to Batch Size. Larger files go alone.',
  lookUpFirst: 'Whether to look up documents before sending them, so that those already signed are retrieved',
  maxFileMegabytes: 'Maximum size of one file. Larger files are rejected before they are read.',
  format: 'Encoding of the documents in a request',
  timeout: 'How long to wait for one response. After that, documents are looked up, not sent again.',
  waitForExecution: 'How long to wait for documents that are accepted but not signed yet',
});

const forPdf = { displayOptions: { show: { '/signatureType': ['auto', 'PAdES'] } } };
const forXml = { displayOptions: { show: { '/signatureType': ['auto', 'XAdES'] } } };
const visible = { visibleSeal: [true], signatureType: ['auto', 'PAdES'] };
const forVisible = { displayOptions: { show: visible } };
const at = (position: string) => ({ displayOptions: { show: { ...visible, sealPosition: [position] } } });
const fromZero = { typeOptions: { minValue: 0 } };

/** Where a visible seal is placed and how it is drawn. */
const visibleSeal: INodeProperties[] = [
  toggle('Visible Seal', 'visibleSeal', { displayOptions: { show: { signatureType: ['auto', 'PAdES'] } } }),
  choice(
    'Seal Position',
    'sealPosition',
    {
      coordinates: ['At Coordinates', 'A point on a page, measured from its top left corner'],
      placeholder: ['At Placeholder Text', 'Below the first occurrence of a word of the document'],
      field: ['In Signature Field', 'An empty signature field of the PDF'],
    },
    forVisible,
  ),
  number('Page', 'sealPage', 1, at('coordinates')),
  number('X', 'sealX', 70, { ...fromZero, ...at('coordinates') }),
  number('Y', 'sealY', 100, { ...fromZero, ...at('coordinates') }),
  text('Signature Field Name', 'visibleField', { required: true, placeholder: 'e.g. Signature1', ...at('field') }),
  text('Placeholder Text', 'visiblePlaceholder', { required: true, placeholder: 'e.g. #seal#', ...at('placeholder') }),
  text('Seal Text', 'visibleText', {
    ...{ typeOptions: { rows: 2 }, default: 'Digitally signed by $certificate.getCommonName()', ...forVisible },
  }),
  collection(
    'Seal Appearance',
    'sealAppearance',
    'Add property',
    [
      text('Background Color', 'visibleBackground', { default: 'transparent' }),
      number('Font Size', 'visibleFontSize', 11),
      number('Height', 'height', 50),
      text('Image Field Name', 'visibleImage', { placeholder: 'e.g. logo' }),
      number('Width', 'width', 155),
    ],
    forVisible,
  ),
];

const canonicalizations = { EXCLUSIVE: 'Exclusive', EXCLUSIVE_WITH_COMMENTS: 'Exclusive With Comments' };
const transforms = { ENVELOPED: 'Enveloped', XPATH: 'XPath', XPATH2_FILTER: 'XPath 2 Filter' };

/** How one document is signed, and what the output is. Read for each item. */
const options = collection('Options', 'options', 'Add option', [
  toggle('Add Timestamp', 'timestamp'),
  text('Description', 'description', { placeholder: 'e.g. Invoices of October' }),
  text('External Reference', 'reference', { placeholder: 'e.g. FT-2026-0001' }),
  text('Location', 'location', { placeholder: 'e.g. Lisboa', ...forPdf }),
  text('Output File Name', 'outputFileName', { default: '{name}-signed{extension}' }),
  text('Put Output File in Field', 'outputField', { default: 'data' }),
  text('Reason', 'reason', { placeholder: 'e.g. Invoice' }),
  choice('XML Canonicalization', 'xmlCanonicalization', canonicalizations, forXml),
  text('XML Parent Element', 'xmlParentElement', { placeholder: 'e.g. ext:ExtensionContent', ...forXml }),
  choice('XML Transform', 'xmlTransform', transforms, forXml),
]);

/** What the service does with the signed document. Read for each item; items with the same settings share requests. */
const delivery = collection('Archive and Delivery', 'delivery', 'Add setting', [
  toggle('Attach Documents', 'deliveryAttach'),
  toggle('Keep in Archive', 'preserveContent'),
  text('Send to E-Mail Addresses', 'deliveryEmails', {
    placeholder: 'e.g. accounting@example.com, archive@example.com',
  }),
]);

/** How documents are sent. Read once per execution, from the first item. */
const sending = collection('Sending', 'sending', 'Add setting', [
  number('Batch Size', 'batchSize', 50, { typeOptions: { minValue: 1, maxValue: 99 } }),
  number('Batch Size (MB)', 'batchMegabytes', 25),
  toggle('Look Up First', 'lookUpFirst', { default: true }),
  number('Max File Size (MB)', 'maxFileMegabytes', 100),
  choice('Request Format', 'format', {
    json: ['JSON', 'Documents in base64'],
    multipart: ['Multipart', 'A quarter less to send, if your service accepts it'],
  }),
  number('Timeout (Seconds)', 'timeout', 300),
  number('Wait for Execution (Seconds)', 'waitForExecution', 300, fromZero),
]);

export const signParameters: INodeProperties[] = [
  text('Input Data Field Name', 'inputField', {
    ...{ default: 'data', required: true },
    hint: 'The name of the input binary field containing the file to be signed. Separate several names with commas.',
  }),
  choice('Signature Type', 'signatureType', {
    auto: ['Automatic', 'PAdES for PDF files and XAdES for XML files'],
    CAdES: ['CAdES', 'For any file'],
    PAdES: ['PAdES', 'For PDF files'],
    XAdES: ['XAdES', 'For XML files'],
  }),
  ...visibleSeal,
  simplifyParameter,
  options,
  delivery,
  sending,
];
