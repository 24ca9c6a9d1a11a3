import {
  type SealPosition,
  type SignatureOptions,
  type SignatureType,
  ValidationError,
  type VisibleSeal,
  type XmlSignature,
} from '@signstash-connect/core/client';
import type { IExecuteFunctions } from 'n8n-workflow';

interface Options {
  timestamp?: boolean;
  reason?: string;
  location?: string;
  xmlParentElement?: string;
  xmlTransform?: NonNullable<XmlSignature['transform']>;
  xmlCanonicalization?: NonNullable<XmlSignature['canonicalization']>;
}

interface Appearance {
  background?: string;
  fontSize?: number;
  height?: number;
  imageField?: string;
  width?: number;
}

/** The signature options of one item's documents. */
export async function signatureOptions(context: IExecuteFunctions, item: number): Promise<SignatureOptions> {
  const options = context.getNodeParameter('options', item, {}) as Options;
  const type = context.getNodeParameter('signatureType', item) as SignatureType | 'auto';
  const xml = xmlSignature(options);
  const visible = await visibleSeal(context, item, type);
  return {
    ...(type === 'auto' ? {} : { type }),
    ...(options.reason ? { reason: options.reason } : {}),
    // The editor hides parameters of another signature type but still sends their values.
    ...(options.location && suits(type, 'PAdES') ? { location: options.location } : {}),
    ...(options.timestamp ? { timestamp: true } : {}),
    ...(visible ? { visible } : {}),
    ...(xml && suits(type, 'XAdES') ? { xml } : {}),
  };
}

const suits = (type: SignatureType | 'auto', wanted: SignatureType) => type === 'auto' || type === wanted;

function xmlSignature({ xmlParentElement, xmlTransform, xmlCanonicalization }: Options): XmlSignature | undefined {
  const signature: XmlSignature = {
    ...(xmlParentElement ? { parentElement: xmlParentElement } : {}),
    ...(xmlTransform ? { transform: xmlTransform } : {}),
    ...(xmlCanonicalization ? { canonicalization: xmlCanonicalization } : {}),
  };
  return Object.keys(signature).length > 0 ? signature : undefined;
}

async function visibleSeal(
  context: IExecuteFunctions,
  item: number,
  type: SignatureType | 'auto',
): Promise<VisibleSeal | undefined> {
  if (!suits(type, 'PAdES') || !context.getNodeParameter('visibleSeal', item, false)) return undefined;
  const text = context.getNodeParameter('sealText', item, '') as string;
  const { background, fontSize, height, imageField, width } = context.getNodeParameter(
    'sealAppearance',
    item,
    {},
  ) as Appearance;
  if ((width === undefined) !== (height === undefined)) {
    throw new ValidationError('APPEARANCE_INVALID', 'The seal has only one of Width and Height.', {
      hint: 'Set both Width and Height under Seal Appearance, or neither.',
    });
  }
  return {
    template: text.trim() === '' ? { service: true } : text,
    at: sealPosition(context, item),
    ...(width !== undefined && height !== undefined ? { area: { width, height } } : {}),
    ...(background ? { background } : {}),
    ...(fontSize === undefined ? {} : { font: { size: fontSize } }),
    ...(imageField ? { image: await image(context, item, imageField) } : {}),
  };
}

function sealPosition(context: IExecuteFunctions, item: number): SealPosition {
  const parameter = (name: string) => context.getNodeParameter(name, item);
  switch (parameter('sealPosition')) {
    case 'field':
      return { field: String(parameter('sealField')) };
    case 'placeholder':
      return { placeholder: String(parameter('sealPlaceholder')) };
    default:
      return { page: Number(parameter('sealPage')), x: Number(parameter('sealX')), y: Number(parameter('sealY')) };
  }
}

async function image(
  context: IExecuteFunctions,
  item: number,
  field: string,
): Promise<NonNullable<VisibleSeal['image']>> {
  const { mimeType } = context.helpers.assertBinaryData(item, field);
  if (mimeType !== 'image/png' && mimeType !== 'image/jpeg') {
    throw new ValidationError('APPEARANCE_INVALID', `The seal image in field ${field} is ${mimeType}.`, {
      hint: 'Give a PNG or JPEG image.',
    });
  }
  const bytes = await context.helpers.getBinaryDataBuffer(item, field);
  return { type: mimeType === 'image/png' ? 'png' : 'jpg', bytes };
}
