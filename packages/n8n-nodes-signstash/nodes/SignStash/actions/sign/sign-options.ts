import {
  type ParsedSignOptions,
  parseSignOptions,
  type SignOptionValues,
  signOptionDescriptions,
} from '@signstash-connect/core/adapter';
import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';
import { splitList } from '../../helpers/parameters.ts';
import { naming } from '../../helpers/setting-names.ts';

/** The sign options of one item's documents. */
export async function readSignOptions(context: IExecuteFunctions, item: number): Promise<ParsedSignOptions> {
  const collection = (name: string) => context.getNodeParameter(name, item, {}) as IDataObject;
  const type = context.getNodeParameter('signatureType', item) as string;
  const delivery = collection('delivery');
  const emails = splitList(delivery.deliveryEmails);
  const values = {
    ...collection('options'),
    ...(await readVisibleSeal(context, item)),
    ...{ preserveContent: delivery.preserveContent, deliveryEmails: emails.join('\n') },
    deliveryAttach: emails.length > 0 && delivery.deliveryAttach === true,
    type: type === 'auto' ? undefined : type,
  };
  // The editor hides parameters of another signature type but still sends their values.
  const isHidden = (name: string) =>
    type !== 'auto' &&
    ((type !== 'PAdES' && /^(location|visible)/.test(name)) || (type !== 'XAdES' && /^xml/.test(name)));
  const shown = Object.entries(values).filter(([name]) => name in signOptionDescriptions && !isHidden(name));
  return parseSignOptions(Object.fromEntries(shown), naming);
}

async function readVisibleSeal(context: IExecuteFunctions, item: number): Promise<SignOptionValues> {
  const parameter = (name: string, fallback?: unknown) => context.getNodeParameter(name, item, fallback);
  if (parameter('visibleSeal', false) !== true) return {};
  const { height, width, visibleImage, ...appearance } = parameter('sealAppearance', {}) as Record<string, string>;
  const position = parameter('sealPosition');
  return {
    ...appearance,
    visibleText: String(parameter('visibleText', '')).trim() || 'service',
    ...(position === 'field'
      ? { visibleField: String(parameter('visibleField')) }
      : position === 'placeholder'
        ? { visiblePlaceholder: String(parameter('visiblePlaceholder')) }
        : { visiblePosition: `page=${parameter('sealPage')},x=${parameter('sealX')},y=${parameter('sealY')}` }),
    visibleSize: width === undefined && height === undefined ? undefined : `${width ?? ''}x${height ?? ''}`,
    ...(visibleImage ? { visibleImage: await context.helpers.getBinaryDataBuffer(item, visibleImage) } : {}),
  };
}
