import { checkReceivers } from '../api/request/signature-info.ts';
import type { Preservation, SealPosition, SignatureOptions, VisibleSeal, XmlSignature } from '../api/sign-options.ts';
import { isSignStashError } from '../errors/errors.ts';
import { type NamingOptions, SettingReader, type SettingValue } from './setting-reader.ts';

/** Every sign option that a platform may offer, with its meaning. */
export const signOptionDescriptions = {
  type: 'PAdES, XAdES or CAdES; default: by the content',
  reason: 'reason shown by PDF readers',
  location: 'place shown by PDF readers, PAdES only',
  timestamp: 'true adds a timestamp; needs a contract that includes it',
  visiblePosition:
    "page=1,x=70,y=100: the visible seal's left edge from the left and its top edge from the top of the page, in points",
  visibleField: 'name of an empty signature field for the visible seal',
  visiblePlaceholder: 'a word of the text where the visible seal goes; its first occurrence counts',
  visibleText: "text of the visible seal, or service for the service's own",
  visibleSize: 'width and height of the visible seal in points, as 155x50',
  visibleBackground: 'colour behind the visible seal, #RRGGBB or transparent',
  visibleFontSize: "size of the visible seal's text in points",
  visibleImage: 'bytes of a PNG or JPEG image for the visible seal',
  xmlParentElement: 'element that receives the XML signature, XAdES only',
  xmlTransform: 'ENVELOPED, XPATH or XPATH2_FILTER, XAdES only',
  xmlCanonicalization: 'EXCLUSIVE or EXCLUSIVE_WITH_COMMENTS, XAdES only',
  preserveContent: 'true makes the service keep the signed content',
  deliveryEmails: 'receivers of the signed documents, one per line or separated by commas',
  deliveryAttach: 'true attaches the documents to those e-mails instead of a link',
} as const;

export type SignOptionName = keyof typeof signOptionDescriptions;

/** Flat values; only the image is bytes. */
export type SignOptionValues = { readonly [name in Exclude<SignOptionName, 'visibleImage'>]?: SettingValue } & {
  readonly visibleImage?: Uint8Array | undefined;
};

/** Options as `sign`, `signMany` and `signAll` take them. */
export interface ParsedSignOptions extends SignatureOptions {
  preservation?: Preservation;
}

const positions = ['visiblePosition', 'visibleField', 'visiblePlaceholder'] as const;
const appearance = ['visibleText', 'visibleSize', 'visibleBackground', 'visibleFontSize'] as const;
const xmlOptions = ['xmlParentElement', 'xmlTransform', 'xmlCanonicalization'] as const;

/**
 * Turns flat values into sign options. Values are trimmed; an empty value counts as not given.
 *
 * Coordinates count in points (1/72 inch; the service's pixel is one point) from the top left corner of the page to the top left
 * corner of the seal, as documents signed by the service show (API reference, section 5).
 *
 * @throws `SettingsError`, a `ConfigurationError`, with every option that is unknown, wrong or contradicted by another, by the
 *   platform's names.
 */
export function parseSignOptions(values: SignOptionValues, options: NamingOptions = {}): ParsedSignOptions {
  const reader = new SettingReader(values, Object.keys(signOptionDescriptions), options);
  const type = reader.choice('type', ['PAdES', 'XAdES', 'CAdES'] as const);
  const reason = reader.optional('reason');
  const location = reader.optional('location');
  const timestamp = reader.flag('timestamp');
  refuseOptionsOfOtherTypes(reader, type, values.visibleImage !== undefined);
  const visible = readVisibleSeal(reader, values.visibleImage);
  const xml = readXml(reader);
  const preservation = readPreservation(reader);
  reader.finish();
  return {
    ...(type ? { type } : {}),
    ...(reason ? { reason } : {}),
    ...(location ? { location } : {}),
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(visible ? { visible } : {}),
    ...(xml ? { xml } : {}),
    ...(preservation ? { preservation } : {}),
  };
}

function refuseOptionsOfOtherTypes(reader: SettingReader, type: string | undefined, hasImage: boolean): void {
  const padesOnly = ['location', ...positions, ...appearance].filter((key) => reader.has(key));
  if (hasImage) padesOnly.push('visibleImage');
  const xadesOnly = xmlOptions.filter((key) => reader.has(key));
  const [pades] = padesOnly;
  const [xades] = xadesOnly;
  const typeName = reader.name('type');
  if (type !== undefined && type !== 'PAdES' && pades) {
    reader.fail(pades, `${reader.name(pades)} applies to PAdES only, but ${typeName} is ${type}.`);
  }
  if (type !== undefined && type !== 'XAdES' && xades) {
    reader.fail(xades, `${reader.name(xades)} applies to XAdES only, but ${typeName} is ${type}.`);
  }
  if (type === undefined && pades && xades) {
    reader.fail(
      xades,
      `${reader.name(xades)} applies to XAdES only, but ${reader.name(pades)} to PAdES only: remove one of them.`,
    );
  }
}

function readVisibleSeal(reader: SettingReader, image: Uint8Array | undefined): VisibleSeal | undefined {
  const [position, second] = positions.filter((key) => reader.has(key));
  if (position === undefined) {
    const orphan = appearance.find((key) => reader.has(key)) ?? (image ? 'visibleImage' : undefined);
    if (orphan)
      reader.fail(
        orphan,
        `${reader.name(orphan)} needs a position of the visible seal: set ${reader.names(positions)}.`,
      );
    return undefined;
  }
  if (second !== undefined) {
    reader.fail(
      second,
      `${reader.name(position)} and ${reader.name(second)} are both set: a visible seal has one position.`,
    );
  }
  if (!reader.has('visibleText')) {
    const message = `${reader.name('visibleText')} is not set: give a text, or service for the service's own.`;
    reader.fail('visibleText', message, 'CONFIGURATION_MISSING');
  }
  const text = reader.text('visibleText');
  const area = readSize(reader);
  const background = reader.optional('visibleBackground');
  if (background !== undefined && background !== 'transparent' && !/^#[0-9a-f]{6}$/i.test(background)) {
    reader.invalid('visibleBackground', '#RRGGBB or transparent');
  }
  const fontSize = reader.positive('visibleFontSize');
  const picture = image && readImage(reader, image);
  return {
    template: text.toLowerCase() === 'service' ? { service: true } : text,
    at: readPosition(reader, position),
    ...(area ? { area } : {}),
    ...(background ? { background } : {}),
    ...(fontSize === undefined ? {} : { font: { size: fontSize } }),
    ...(picture ? { image: picture } : {}),
  };
}

function readPosition(reader: SettingReader, key: (typeof positions)[number]): SealPosition {
  const value = reader.text(key);
  if (key === 'visibleField') return { field: value };
  if (key === 'visiblePlaceholder') return { placeholder: value };
  const [, page, x, y] = /^page=([1-9]\d{0,5}),\s*x=(\d{1,6}(?:\.\d+)?),\s*y=(\d{1,6}(?:\.\d+)?)$/.exec(value) ?? [];
  if (page === undefined) reader.invalid(key, 'page=1,x=70,y=100');
  return { page: Number(page), x: Number(x), y: Number(y) };
}

function readSize(reader: SettingReader): VisibleSeal['area'] {
  const value = reader.text('visibleSize');
  if (value === '') return undefined;
  const [, width, height] = /^(\d{1,6}(?:\.\d+)?)\s*x\s*(\d{1,6}(?:\.\d+)?)$/i.exec(value) ?? [];
  if (Number(width) > 0 && Number(height) > 0) return { width: Number(width), height: Number(height) };
  reader.invalid('visibleSize', 'width and height in points, such as 155x50');
  return undefined;
}

function readImage(reader: SettingReader, bytes: Uint8Array): VisibleSeal['image'] {
  const starts = (...signature: number[]) => signature.every((byte, index) => bytes[index] === byte);
  if (starts(0x89, 0x50, 0x4e, 0x47)) return { type: 'png', bytes };
  if (starts(0xff, 0xd8)) return { type: 'jpg', bytes };
  reader.fail('visibleImage', `Invalid ${reader.name('visibleImage')}: expected a PNG or JPEG image.`);
  return undefined;
}

function readXml(reader: SettingReader): XmlSignature | undefined {
  const parentElement = reader.optional('xmlParentElement');
  const transform = reader.choice('xmlTransform', ['ENVELOPED', 'XPATH', 'XPATH2_FILTER'] as const);
  const canonicalization = reader.choice('xmlCanonicalization', ['EXCLUSIVE', 'EXCLUSIVE_WITH_COMMENTS'] as const);
  if (!parentElement && !transform && !canonicalization) return undefined;
  return {
    ...(parentElement ? { parentElement } : {}),
    ...(transform ? { transform } : {}),
    ...(canonicalization ? { canonicalization } : {}),
  };
}

function readPreservation(reader: SettingReader): Preservation | undefined {
  const receivers = reader.list('deliveryEmails');
  const attachDocuments = reader.flag('deliveryAttach');
  const preserveContent = reader.flag('preserveContent') ?? false;
  if (receivers.length === 0) {
    if (attachDocuments)
      reader.fail('deliveryAttach', `${reader.name('deliveryAttach')} needs ${reader.name('deliveryEmails')}.`);
    return preserveContent ? { preserveContent } : undefined;
  }
  try {
    checkReceivers(receivers);
  } catch (error) {
    if (!isSignStashError(error)) throw error;
    reader.fail('deliveryEmails', `Invalid ${reader.name('deliveryEmails')}: ${error.message}`);
  }
  return { preserveContent, delivery: { receivers, ...(attachDocuments === undefined ? {} : { attachDocuments }) } };
}
