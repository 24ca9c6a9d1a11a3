import type { INodeProperties } from 'n8n-workflow';

const visible = { visibleSeal: [true], signatureType: ['auto', 'PAdES'] };
const at = (place: string) => ({ displayOptions: { show: { ...visible, sealPlace: [place] } } });

/** Where a visible seal is placed and how it is drawn. */
export const visibleSealParameters: INodeProperties[] = [
  {
    displayName: 'Visible Seal',
    name: 'visibleSeal',
    type: 'boolean',
    default: false,
    description: 'Whether to show the seal on a page. An invisible seal is just as valid.',
    displayOptions: { show: { signatureType: ['auto', 'PAdES'] } },
  },
  {
    displayName: 'Seal Position',
    name: 'sealPlace',
    type: 'options',
    options: [
      {
        name: 'At Coordinates',
        value: 'coordinates',
        description: 'A point on a page, measured from its top left corner',
      },
      {
        name: 'At Placeholder Text',
        value: 'placeholder',
        description: 'Below the first occurrence of a word of the document',
      },
      { name: 'In Signature Field', value: 'field', description: 'An empty signature field of the PDF' },
    ],
    default: 'coordinates',
    description: 'How the position of the seal is determined',
    displayOptions: { show: visible },
  },
  {
    displayName: 'Page',
    name: 'sealPage',
    type: 'number',
    typeOptions: { minValue: 1 },
    default: 1,
    description: 'Number of the page that shows the seal, counted from 1',
    ...at('coordinates'),
  },
  {
    displayName: 'X',
    name: 'sealX',
    type: 'number',
    typeOptions: { minValue: 0 },
    default: 70,
    description:
      'Distance from the left edge of the page to the left edge of the seal, in points. One inch has 72 points, and an A4 page is 595 points wide.',
    ...at('coordinates'),
  },
  {
    displayName: 'Y',
    name: 'sealY',
    type: 'number',
    typeOptions: { minValue: 0 },
    default: 100,
    description:
      'Distance from the top edge of the page down to the top edge of the seal, in points. An A4 page is 842 points high.',
    ...at('coordinates'),
  },
  {
    displayName: 'Signature Field Name',
    name: 'sealField',
    type: 'string',
    default: '',
    required: true,
    placeholder: 'e.g. Signature1',
    description: 'Name of an empty signature field of the PDF',
    ...at('field'),
  },
  {
    displayName: 'Placeholder Text',
    name: 'sealPlaceholder',
    type: 'string',
    default: '',
    required: true,
    placeholder: 'e.g. #seal#',
    description:
      'Word of the document below whose first occurrence the seal is placed. The service rejects a document without it.',
    ...at('placeholder'),
  },
  {
    displayName: 'Seal Text',
    name: 'sealText',
    type: 'string',
    typeOptions: { rows: 2 },
    default: 'Digitally signed by $certificate.getCommonName()',
    description:
      'Text of the seal, as a Velocity template. Leave empty to use the template that is configured for your company at the service.',
    displayOptions: { show: visible },
  },
  {
    displayName: 'Seal Appearance',
    name: 'sealAppearance',
    type: 'collection',
    placeholder: 'Add property',
    default: {},
    displayOptions: { show: visible },
    options: [
      {
        displayName: 'Background Color',
        name: 'background',
        type: 'string',
        default: 'transparent',
        description: 'Color behind the seal text, as #RRGGBB or the word transparent',
      },
      {
        displayName: 'Font Size',
        name: 'fontSize',
        type: 'number',
        typeOptions: { minValue: 1 },
        default: 11,
        description: 'Size of the seal text in points',
      },
      {
        displayName: 'Height',
        name: 'height',
        type: 'number',
        typeOptions: { minValue: 1 },
        default: 50,
        description: 'Height of the seal in points. Set it together with Width.',
      },
      {
        displayName: 'Image Field Name',
        name: 'imageField',
        type: 'string',
        default: '',
        placeholder: 'e.g. logo',
        description: 'Name of the input binary field containing a PNG or JPEG image for the seal',
      },
      {
        displayName: 'Width',
        name: 'width',
        type: 'number',
        typeOptions: { minValue: 1 },
        default: 155,
        description: 'Width of the seal in points. Set it together with Height.',
      },
    ],
  },
];
