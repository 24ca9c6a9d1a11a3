import type { PDFPage } from '@cantoo/pdf-lib';
import { SigningError, type WireVisibleSignatureInfo } from '../signer.ts';
import { PageSpace, type Rectangle } from './page-space.ts';
import type { PdfIncrement } from './pdf-increment.ts';
import { findPlaceholder } from './placeholder-position.ts';
import { findEmptySignatureField, type SignatureField } from './signature-field.ts';
import { parseArea, parseCoordinate } from './wire-values.ts';

/** From where `y` of a COORDINATE runs: to the area's top edge, or from the bottom of the page to its bottom edge. */
export type CoordinateOrigin = 'top' | 'bottom';

export interface SealPlacement {
  page: PDFPage;
  /** In the page's own space. */
  rectangle: Rectangle;
  /** The area as it is seen, upright. */
  width: number;
  height: number;
  rotation: number;
  /** The existing field to fill, if any. */
  field?: SignatureField;
}

/** Resolves the requested position of a visible seal. */
export async function placeSeal(
  increment: PdfIncrement,
  wish: WireVisibleSignatureInfo,
  coordinateOrigin: CoordinateOrigin,
): Promise<SealPlacement> {
  switch (wish.locationType) {
    case 'COORDINATE': {
      const { page: number, x, y } = parseCoordinate(wish.locationValue);
      const page = pageNumber(increment, number);
      if (coordinateOrigin === 'bottom') return placeAt(page, x, y, wish.area);
      return placeBelow(page, x, new PageSpace(page).seenHeight - y, wish.area);
    }
    case 'PLACEHOLDER': {
      const found = await findPlaceholder(increment.original, wish.locationValue);
      const page = pageNumber(increment, found.page);
      const { x, y } = new PageSpace(page).seen(found.x, found.y);
      return placeBelow(page, x, y, wish.area);
    }
    case 'SIGN_FIELD':
      return placeInField(findEmptySignatureField(increment, wish.locationValue));
    default:
      throw new SigningError('CONFIGURATION_SIGN_ERROR', `Unknown locationType "${wish.locationType}"`);
  }
}

function placeAt(page: PDFPage, x: number, y: number, area: string | undefined): SealPlacement {
  const { width, height } = parseArea(area);
  const space = new PageSpace(page);
  return { page, rectangle: space.rectangle(x, y, width, height), width, height, rotation: space.rotation };
}

/** The point is the upper left corner of the area. */
function placeBelow(page: PDFPage, x: number, y: number, area: string | undefined): SealPlacement {
  return placeAt(page, x, y - parseArea(area).height, area);
}

/** The field's own rectangle takes precedence over the requested area. */
function placeInField(field: SignatureField): SealPlacement {
  const [left, bottom, right, top] = field.rectangle;
  const { rotation } = new PageSpace(field.page);
  const isSideways = rotation % 180 !== 0;
  const [width, height] = isSideways ? [top - bottom, right - left] : [right - left, top - bottom];
  return { page: field.page, rectangle: field.rectangle, width, height, rotation, field };
}

function pageNumber({ document }: PdfIncrement, number: number): PDFPage {
  const page = document.getPages()[number - 1];
  if (page) return page;
  throw new SigningError(
    'CONFIGURATION_SIGN_ERROR',
    `There is no page ${number} to put the seal on: the document has ${document.getPageCount()}`,
  );
}
