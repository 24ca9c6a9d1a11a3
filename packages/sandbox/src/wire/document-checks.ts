import type { WireSignatureInfo } from '../signer.ts';
import { imageSize } from '../signing/image-size.ts';
import { parseArea } from '../signing/wire-values.ts';
import { apiErrors } from './api-error.ts';
import type { SignRequestDocument } from './sign-request.ts';

/** Refuses the whole request for a document with contradictory fields, as the service does. */
export function refuseBadDocuments(documents: readonly SignRequestDocument[]): void {
  for (const { documentRequest, signatureInfo } of documents) {
    const { name, contentType } = documentRequest;
    const { signatureType, visibleSignatureInfo } = signatureInfo;
    // Which content type belongs to binary files is unknown, so a CAdES signature takes any of the schema.
    if (contentType === 'application/octet-stream' && signatureType !== 'CAdES') {
      throw apiErrors.invalid(
        `Document ${name}: contentType must not be application/octet-stream for ${signatureType}`,
      );
    }
    if (visibleSignatureInfo) refuseLargeImage(name, visibleSignatureInfo);
  }
}

function refuseLargeImage(name: string, visible: NonNullable<WireSignatureInfo['visibleSignatureInfo']>): void {
  // A field of the document has its own size limit.
  if (!visible.imageValue || visible.locationType === 'SIGN_FIELD') return;
  const image = imageSize(Buffer.from(visible.imageValue, 'base64'));
  const area = parseArea(visible.area);
  if (image && (image.width > area.width || image.height > area.height)) throw apiErrors.areaTooSmall(name);
}
