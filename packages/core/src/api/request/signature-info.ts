import { ValidationError } from '../../errors/errors.ts';
import type { Preservation, SealPosition, SignatureOptions, VisibleSeal } from '../sign-options.ts';
import type { SignatureType, WirePreservationInfo, WireSignatureInfo, WireVisibleSignatureInfo } from '../wire.ts';
import { imageSize, isJpeg, isPng } from './image-size.ts';

/** Bytes of an image as base64 text. */
export type Base64Text = (bytes: Uint8Array) => string;

/**
 * Maps signature options to the wire format; no other code does.
 *
 * @param document - What the document is called in error messages.
 * @throws {@link ValidationError} naming the document and the option.
 */
export function signatureInfo(
  type: SignatureType,
  options: SignatureOptions,
  document: string,
  base64: Base64Text,
): WireSignatureInfo {
  const { reason, location, timestamp = false, visible, xml } = options;
  const conflict = (option: string, needs: SignatureType): never => {
    const message = `${document}: "${option}" applies to ${needs} only, but the signature type is ${type}.`;
    throw new ValidationError('SEAL_OPTIONS_CONFLICT', message, { document });
  };
  if (type !== 'PAdES' && location !== undefined) conflict('location', 'PAdES');
  if (type !== 'PAdES' && visible !== undefined) conflict('visible', 'PAdES');
  if (type !== 'XAdES' && xml !== undefined) conflict('xml', 'XAdES');
  const info: WireSignatureInfo = { signatureType: type, applyTimestamp: timestamp };
  if (reason) info.reason = reason;
  if (location) info.location = location;
  if (visible) info.visibleSignatureInfo = visibleSignatureInfo(visible, document, base64);
  if (xml) {
    info.advancedSignatureInfo = {
      ...(xml.parentElement ? { signatureLocation: xml.parentElement } : {}),
      ...(xml.transform ? { signatureTransform: xml.transform } : {}),
      ...(xml.canonicalization ? { canonicalTransform: xml.canonicalization } : {}),
    };
  }
  return info;
}

function visibleSignatureInfo(visible: VisibleSeal, document: string, base64: Base64Text): WireVisibleSignatureInfo {
  const { template, at, area, background, font, image } = visible;
  const wrong = (message: string): never => {
    throw new ValidationError('APPEARANCE_INVALID', `${document}: ${message}`, { document });
  };
  const own = typeof template === 'string';
  if (own ? template.trim() === '' : template?.service !== true) {
    throw new ValidationError('TEMPLATE_MISSING', `${document}: the visible seal has no template.`, { document });
  }
  if (area && !(isPositive(area.width) && isPositive(area.height))) {
    wrong('the area of the visible seal needs a width and a height above 0.');
  }
  if (background !== undefined && background !== 'transparent' && !isColor(background)) {
    wrong(`"${background}" is not a background colour: use #RRGGBB or transparent.`);
  }
  if (font && !isPositive(font.size)) wrong('the font size of the visible seal must be above 0.');
  if (font?.color !== undefined && !isColor(font.color)) wrong(`"${font.color}" is not a font colour: use #RRGGBB.`);
  if (image && image.bytes.byteLength === 0) wrong('the image of the visible seal is empty.');
  if (image && !(image.type === 'png' ? isPng : isJpeg)(image.bytes))
    wrong(`the image of the visible seal is not a ${image.type.toUpperCase()} file.`);
  const size = image && imageSize(image.bytes);
  // The service refuses the whole request for that (API reference, section 7: 2.2.1).
  if (area && size && (area.width < size.width || area.height < size.height)) {
    const needed = `${size.width} x ${size.height} pixels`;
    wrong(
      `the area of the visible seal, ${area.width} x ${area.height}, is smaller than its image of ${needed}: ` +
        'make the area larger or the image smaller.',
    );
  }
  return {
    templateType: own ? 'ONE_OFF' : 'SERVICE_CUSTOMIZATION',
    ...(own ? { oneOffTemplate: template } : {}),
    ...place(at, document),
    ...(area ? { area: `width=${area.width},height=${area.height}` } : {}),
    ...(background ? { areaBackgroundColor: background } : {}),
    ...(font ? { font: `color=${font.color ?? '#000000'},size=${font.size}` } : {}),
    ...(image ? { imageType: image.type === 'png' ? 'IMAGE_PNG' : 'IMAGE_JPG', imageValue: base64(image.bytes) } : {}),
  };
}

function place(
  at: SealPosition | undefined,
  document: string,
): Pick<WireVisibleSignatureInfo, 'locationType' | 'locationValue'> {
  const wrong = (message: string): never => {
    throw new ValidationError('PLACEMENT_INVALID', `${document}: ${message}`, { document });
  };
  if (at && 'field' in at) {
    if (!at.field?.trim()) wrong('the signature field has no name.');
    return { locationType: 'SIGN_FIELD', locationValue: at.field };
  }
  if (at && 'placeholder' in at) {
    if (!at.placeholder?.trim()) wrong('the placeholder is empty.');
    return { locationType: 'PLACEHOLDER', locationValue: at.placeholder };
  }
  if (!at || !('page' in at)) return wrong('the visible seal has no place.');
  const { page, x, y } = at;
  if (!Number.isInteger(page) || page < 1) wrong(`page ${page} does not exist: pages count from 1.`);
  if (!(Number.isFinite(x) && Number.isFinite(y) && x >= 0 && y >= 0)) {
    wrong(`x=${x}, y=${y} is not a place on a page: x counts in points from the left, y from the top.`);
  }
  return { locationType: 'COORDINATE', locationValue: `page=${page},x=${x},y=${y}` };
}

/** @throws {@link ValidationError} `RECEIVER_INVALID` naming the address. */
export function preservationInfo(preservation: Preservation): WirePreservationInfo {
  const { preserveContent, delivery } = preservation;
  if (!delivery) return { preserveContent };
  const { receivers, attachDocuments = false } = delivery;
  checkReceivers(receivers);
  return { preserveContent, deliveryInfo: { attachDocuments, personReceiver: receivers.map((email) => ({ email })) } };
}

/** @throws {@link ValidationError} `RECEIVER_INVALID` naming the address. */
export function checkReceivers(receivers: readonly string[]): void {
  if (receivers.length === 0)
    throw new ValidationError('RECEIVER_INVALID', 'No e-mail address was given for the delivery.');
  for (const email of receivers) {
    // Deliberately permissive: only what cannot be an address is refused here; the mail server checks the rest.
    if (!/^[^\s@<>,;"]+@[^\s@<>,;"]+\.[^\s@<>,;"]+$/.test(email)) {
      throw new ValidationError('RECEIVER_INVALID', `Invalid e-mail address "${email}": expected name@example.com.`);
    }
  }
}

const isPositive = (value: number) => Number.isFinite(value) && value > 0;
const isColor = (value: string) => /^#[0-9a-f]{6}$/i.test(value);
