import type { INodeProperties } from 'n8n-workflow';
import { choice, collection, number, simplifyParameter, text, toggle } from '../../helpers/parameters.ts';

const forPdf = { displayOptions: { show: { '/signatureType': ['auto', 'PAdES'] } } };
const forXml = { displayOptions: { show: { '/signatureType': ['auto', 'XAdES'] } } };
const forVisible = { visibleSeal: [true], signatureType: ['auto', 'PAdES'] };
const at = (position: string) => ({ displayOptions: { show: { ...forVisible, sealPosition: [position] } } });

/** Where a visible seal is placed and how it is drawn. */
const visibleSeal: INodeProperties[] = [
  toggle('Visible Seal', 'visibleSeal', 'Whether to show the seal on a page. An invisible seal is just as valid.', {
    displayOptions: { show: { signatureType: ['auto', 'PAdES'] } },
  }),
  choice(
    'Seal Position',
    'sealPosition',
    'How the position of the seal is determined',
    [
      ['At Coordinates', 'coordinates', 'A point on a page, measured from its top left corner'],
      ['At Placeholder Text', 'placeholder', 'Below the first occurrence of a word of the document'],
      ['In Signature Field', 'field', 'An empty signature field of the PDF'],
    ],
    { displayOptions: { show: forVisible } },
  ),
  number('Page', 'sealPage', 1, 'Number of the page that shows the seal, counted from 1', at('coordinates')),
  number(
    'X',
    'sealX',
    70,
    'Distance from the left edge of the page to the left edge of the seal, in points. One inch has 72 points, and an A4 page is 595 points wide.',
    { typeOptions: { minValue: 0 }, ...at('coordinates') },
  ),
  number(
    'Y',
    'sealY',
    100,
    'Distance from the top edge of the page down to the top edge of the seal, in points. An A4 page is 842 points high.',
    { typeOptions: { minValue: 0 }, ...at('coordinates') },
  ),
  text('Signature Field Name', 'sealField', 'Name of an empty signature field of the PDF', {
    required: true,
    placeholder: 'e.g. Signature1',
    ...at('field'),
  }),
  text(
    'Placeholder Text',
    'sealPlaceholder',
    'Word of the document below whose first occurrence the seal is placed. The service rejects a document without it.',
    { required: true, placeholder: 'e.g. #seal#', ...at('placeholder') },
  ),
  text(
    'Seal Text',
    'sealText',
    'Text of the seal, as a Velocity template. Leave empty to use the template that is configured for your company at the service.',
    {
      typeOptions: { rows: 2 },
      default: 'Digitally signed by $certificate.getCommonName()',
      displayOptions: { show: forVisible },
    },
  ),
  collection(
    'Seal Appearance',
    'sealAppearance',
    'Add property',
    [
      text('Background Color', 'background', 'Color behind the seal text, as #RRGGBB or the word transparent', {
        default: 'transparent',
      }),
      number('Font Size', 'fontSize', 11, 'Size of the seal text in points'),
      number('Height', 'height', 50, 'Height of the seal in points. Set it together with Width.'),
      text(
        'Image Field Name',
        'imageField',
        'Name of the input binary field containing a PNG or JPEG image for the seal',
        {
          placeholder: 'e.g. logo',
        },
      ),
      number('Width', 'width', 155, 'Width of the seal in points. Set it together with Height.'),
    ],
    { displayOptions: { show: forVisible } },
  ),
];

/** How one document is signed, and what the output is. Read for each item. */
const options = collection('Options', 'options', 'Add option', [
  toggle('Add Timestamp', 'timestamp', 'Whether to add a qualified timestamp to the signature. It may be charged.'),
  text(
    'Description',
    'description',
    'Text that the service shows for the request. Only documents with the same description share a request.',
    { placeholder: 'e.g. Invoices of October' },
  ),
  text(
    'External Reference',
    'externalReference',
    'Key of the document, unique in the whole service. A document whose key the service already knows is retrieved, not signed again. If empty, the key is derived from content and file name.',
    { placeholder: 'e.g. FT-2026-0001' },
  ),
  text('Location', 'location', 'Place of signing, as PDF readers show it', { placeholder: 'e.g. Lisboa', ...forPdf }),
  text(
    'Output File Name',
    'outputFileName',
    'Name of the signed file, where {name} and {extension} stand for those of the input file',
    { default: '{name}-signed{extension}' },
  ),
  text(
    'Put Output File in Field',
    'outputField',
    'Name of the output binary field. If not set, the signed file replaces the input file in its field. Separate several names with commas.',
    { default: 'data' },
  ),
  text('Reason', 'reason', 'Reason for signing, as PDF readers show it', { placeholder: 'e.g. Invoice' }),
  choice(
    'XML Canonicalization',
    'xmlCanonicalization',
    'How the XML is normalized before it is hashed',
    [
      ['Exclusive', 'EXCLUSIVE'],
      ['Exclusive With Comments', 'EXCLUSIVE_WITH_COMMENTS'],
    ],
    forXml,
  ),
  text('XML Parent Element', 'xmlParentElement', 'Name of the element in which the signature is placed', {
    placeholder: 'e.g. ext:ExtensionContent',
    ...forXml,
  }),
  choice(
    'XML Transform',
    'xmlTransform',
    'Which part of the XML the signature covers',
    [
      ['Enveloped', 'ENVELOPED'],
      ['XPath', 'XPATH'],
      ['XPath 2 Filter', 'XPATH2_FILTER'],
    ],
    forXml,
  ),
]);

/** What the service does with the signed document. Read for each item; items with the same settings share requests. */
const delivery = collection('Archive and Delivery', 'delivery', 'Add setting', [
  toggle(
    'Attach Documents',
    'attachDocuments',
    'Whether to attach the signed documents to the e-mail instead of only linking to them',
  ),
  toggle(
    'Keep in Archive',
    'preserveContent',
    'Whether the service archives the signed document, so that it can be downloaded later',
  ),
  text(
    'Send to E-Mail Addresses',
    'receivers',
    'Addresses to which the service sends the signed document. Separate several with commas.',
    { placeholder: 'e.g. accounting@example.com, archive@example.com' },
  ),
]);

/** How documents are sent. Read once per execution, from the first item. */
const sending = collection('Sending', 'sending', 'Add setting', [
  number(
    'Batch Size',
    'batchSize',
    50,
    'Maximum number of documents in one request, up to 99. One request for many documents is much faster than one request each.',
    { typeOptions: { minValue: 1, maxValue: 99 } },
  ),
  number(
    'Batch Size (MB)',
    'batchMegabytes',
    25,
    'Maximum total size of the documents in one request, before encoding. A request ends at this size or at Batch Size, whichever comes first, so that n8n does not run out of memory. A larger file is sent alone.',
  ),
  toggle(
    'Look Up First',
    'lookUpFirst',
    'Whether to look up each document at the service before sending it, so that documents of an earlier execution are retrieved instead of signed and charged again',
    { default: true },
  ),
  number(
    'Max File Size (MB)',
    'maxFileMegabytes',
    100,
    'Maximum size of one file. Larger files are rejected before they are read.',
  ),
  choice('Request Format', 'format', 'Encoding of the documents in a request', [
    ['JSON', 'json'],
    ['Multipart', 'multipart', 'A quarter less to send, if your service accepts it'],
  ]),
  number(
    'Timeout (Seconds)',
    'timeout',
    300,
    'How long to wait for the response to one request. After that, the node looks up the documents at the service instead of sending them again.',
  ),
  number(
    'Wait for Execution (Seconds)',
    'waitForExecution',
    300,
    'How long to wait for documents that the service has accepted but not signed yet',
    { typeOptions: { minValue: 0 } },
  ),
]);

export const signParameters: INodeProperties[] = [
  text(
    'Input Data Field Name',
    'inputField',
    'Name of the field with the file. An expression may also return the file itself, or a list of files.',
    {
      default: 'data',
      required: true,
      hint: 'The name of the input binary field containing the file to be signed. Separate several names with commas.',
    },
  ),
  choice('Signature Type', 'signatureType', 'Format of the electronic seal', [
    ['Automatic', 'auto', 'PAdES for PDF files and XAdES for XML files'],
    ['CAdES', 'CAdES', 'For any file'],
    ['PAdES', 'PAdES', 'For PDF files'],
    ['XAdES', 'XAdES', 'For XML files'],
  ]),
  ...visibleSeal,
  simplifyParameter,
  options,
  delivery,
  sending,
];
