import { type ParsedSignOptions, parseSignOptions, type SignOptionValues } from '@signstash-connect/core/adapter';
import type { SignatureType } from '@signstash-connect/core/client';
import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { parseAddresses } from '../../helpers/parameters.ts';
import { naming } from '../../helpers/setting-names.ts';

/** The sign options of one item's documents. */
export async function readSignOptions(context: IExecuteFunctions, item: number): Promise<ParsedSignOptions> {
  const collection = (name: string) => context.getNodeParameter(name, item, {}) as Record<string, string | boolean>;
  const { timestamp, reason, location, xmlParentElement, xmlTransform, xmlCanonicalization } = collection('options');
  const { attachDocuments, preserveContent, receivers } = collection('delivery') as IDataObject;
  const type = context.getNodeParameter('signatureType', item) as SignatureType | 'auto';
  // The editor hides parameters of another signature type but still sends their values.
  const suits = (wanted: SignatureType) => type === 'auto' || type === wanted;
  const emails = parseAddresses(receivers);
  const values: SignOptionValues = {
    type: type === 'auto' ? undefined : type,
    timestamp,
    reason,
    ...(suits('PAdES') ? { location, ...(await readVisibleSeal(context, item)) } : {}),
    ...(suits('XAdES') ? { xmlParentElement, xmlTransform, xmlCanonicalization } : {}),
    preserveContent: preserveContent === true,
    deliveryEmails: emails.join('\n'),
    deliveryAttach: emails.length > 0 && attachDocuments === true,
  };
  return parseSignOptions(values, naming);
}

async function readVisibleSeal(context: IExecuteFunctions, item: number): Promise<SignOptionValues> {
  const parameter = (name: string, fallback?: unknown) => context.getNodeParameter(name, item, fallback) as string;
  if (!parameter('visibleSeal', false)) return {};
  const { background, fontSize, height, imageField, width } = parameter('sealAppearance', {}) as unknown as Record<
    'background' | 'fontSize' | 'height' | 'imageField' | 'width',
    string | undefined
  >;
  const position = parameter('sealPosition');
  return {
    visibleText: parameter('sealText', '').trim() || 'service',
    ...(position === 'field'
      ? { visibleField: parameter('sealField') }
      : position === 'placeholder'
        ? { visiblePlaceholder: parameter('sealPlaceholder') }
        : { visiblePosition: `page=${parameter('sealPage')},x=${parameter('sealX')},y=${parameter('sealY')}` }),
    visibleSize: width === undefined && height === undefined ? undefined : `${width ?? ''}x${height ?? ''}`,
    visibleBackground: background,
    visibleFontSize: fontSize,
    ...(imageField ? { visibleImage: await context.helpers.getBinaryDataBuffer(item, imageField) } : {}),
  };
}
