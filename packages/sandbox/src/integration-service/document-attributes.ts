import type { WireSignatureInfo } from '../signer.ts';

/** `documentAttributes`: the settings that were applied, one pair each. */
export function documentAttributes({
  reason,
  location,
  visibleSignatureInfo,
  advancedSignatureInfo,
}: WireSignatureInfo) {
  const visible = visibleSignatureInfo;
  const attributes: Record<string, string | undefined> = {
    GLOBAL_SIGNATURE_VISIBILITY_ENABLED: String(visible !== undefined),
    VISIBLE_SIGNATURE_TEMPLATE_TYPE: visible?.templateType,
    VISIBLE_SIGNATURE_TEMPLATE_CONTENT: visible?.oneOffTemplate,
    VISIBLE_SIGNATURE_LOCATION_TYPE: visible?.locationType,
    VISIBLE_SIGNATURE_LOCATION_VALUE: visible?.locationValue,
    VISIBLE_SIGNATURE_AREA: visible?.area,
    VISIBLE_SIGNATURE_AREA_BACKGROUND_COLOR: visible?.areaBackgroundColor,
    VISIBLE_SIGNATURE_FONT: visible?.font,
    VISIBLE_SIGNATURE_IMAGE_TYPE: visible?.imageType,
    SIGNATURE_ATTRIBUTE_REASON: reason,
    SIGNATURE_ATTRIBUTE_LOCATION: location,
    SIGNATURE_ATTRIBUTE_XPATH_LOCATION: advancedSignatureInfo?.signatureLocation,
    SIGNATURE_ATTRIBUTE_TRANSFORM: advancedSignatureInfo?.signatureTransform,
    SIGNATURE_ATTRIBUTE_CANONICAL: advancedSignatureInfo?.canonicalTransform,
  };
  return Object.entries(attributes)
    .filter(([, attributeValue]) => attributeValue !== undefined)
    .map(([attributeKey, attributeValue]) => ({ attributeKey, attributeValue }));
}
