import { SigningError } from '../signer.ts';

/** The text formats inside `visibleSignatureInfo`: `page=1,x=70,y=100`, `width=155,height=50`, `#000000`. */

export function parseCoordinate(value: string): { page: number; x: number; y: number } {
  const [page, x, y] = parseNumbers('locationValue', value, ['page', 'x', 'y']);
  return { page: page!, x: x!, y: y! };
}

const DEFAULT_AREA = 'width=155,height=50';

export function parseArea(value: string = DEFAULT_AREA): { width: number; height: number } {
  const [width, height] = parseNumbers('area', value, ['width', 'height']);
  if (width! <= 0 || height! <= 0) throw wrong('area', value, 'must be larger than nothing');
  return { width: width!, height: height! };
}

/** As in a document signed by staging without a font. */
const DEFAULT_FONT_SIZE = 10;

/** Only the size: the real service draws in black, whatever the colour. */
export function parseFontSize(value: string | undefined): number {
  if (value === undefined) return DEFAULT_FONT_SIZE;
  const pairs = parsePairs('font', value);
  const color = pairs.get('color');
  if (color !== undefined) parseHexTriplet('font', color);
  const size = pairs.get('size');
  if (size === undefined) return DEFAULT_FONT_SIZE;
  if (!(Number(size) > 0)) throw wrong('font', value, 'needs a size above 0');
  return Number(size);
}

export type Color = readonly [red: number, green: number, blue: number];

/** `undefined` stands for a transparent background. */
export function parseBackground(value: string | undefined): Color | undefined {
  if (value === undefined || value === 'transparent') return undefined;
  return parseHexTriplet('areaBackgroundColor', value);
}

function parseHexTriplet(field: string, value: string): Color {
  const digits = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(value.trim());
  if (!digits) throw wrong(field, value, 'is not a colour such as #FFFFFF');
  const part = (index: number) => Number.parseInt(digits[index]!, 16) / 255;
  return [part(1), part(2), part(3)];
}

function parseNumbers(field: string, value: string, names: readonly string[]): number[] {
  const pairs = parsePairs(field, value);
  return names.map((name) => {
    const text = pairs.get(name);
    if (!text || !Number.isFinite(Number(text))) throw wrong(field, value, `needs a number for "${name}"`);
    return Number(text);
  });
}

function parsePairs(field: string, value: string): Map<string, string> {
  return new Map(
    value.split(',').map((pair) => {
      const [name, text, ...rest] = pair.split('=');
      if (!name?.trim() || text === undefined || rest.length > 0)
        throw wrong(field, value, 'is not a list of name=value');
      return [name.trim(), text.trim()] as const;
    }),
  );
}

function wrong(field: string, value: string, why: string): SigningError {
  return new SigningError('CONFIGURATION_SIGN_ERROR', `visibleSignatureInfo.${field} "${value}" ${why}`);
}
