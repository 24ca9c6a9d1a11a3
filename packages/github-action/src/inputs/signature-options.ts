import { readFileSync } from 'node:fs';
import type { SealPosition, SignatureOptions, VisibleSeal } from '@signstash-connect/core';
import type { InputReader } from './input-reader.ts';

const visiblePlaces = ['visible-position', 'visible-field', 'visible-placeholder'] as const;
const visibleAppearance = [
  'visible-template',
  'visible-size',
  'visible-background',
  'visible-font-size',
  'visible-image',
];

/** How documents are signed. */
export function readSignatureOptions(reader: InputReader): SignatureOptions {
  const type = reader.choice('signature-type', ['PAdES', 'XAdES', 'CAdES']);
  const [reason, location] = [reader.optional('reason'), reader.optional('location')];
  const visible = readVisibleSeal(reader);
  if (type && type !== 'PAdES') {
    for (const input of ['location', ...visiblePlaces].filter((name) => reader.text(name) !== '')) {
      reader.fail(input, `it applies to PAdES only, and 'signature-type' is ${type}.`);
    }
  }
  return {
    timestamp: reader.flag('timestamp'),
    ...(type ? { type } : {}),
    ...(reason ? { reason } : {}),
    ...(location ? { location } : {}),
    ...(visible ? { visible } : {}),
  };
}

function readVisibleSeal(reader: InputReader): VisibleSeal | undefined {
  const [place, ...otherPlaces] = visiblePlaces.filter((input) => reader.text(input) !== '');
  if (place === undefined) {
    const given = visibleAppearance.find((input) => reader.text(input) !== '');
    if (given) reader.fail(given, `a visible seal needs a place: set one of ${visiblePlaces.join(', ')}.`);
    return undefined;
  }
  for (const other of otherPlaces) reader.fail(other, `it cannot be combined with '${place}': a seal has one place.`);
  const template = reader.text('visible-template');
  if (template === '') reader.fail('visible-template', 'a visible seal needs a text, or "service".');
  const area = readArea(reader);
  const background = readBackground(reader);
  const size = readFontSize(reader);
  const image = readImage(reader);
  return {
    template: template === 'service' ? { service: true } : template,
    at: readPosition(reader, place),
    ...(area ? { area } : {}),
    ...(background ? { background } : {}),
    ...(size ? { font: { size } } : {}),
    ...(image ? { image } : {}),
  };
}

function readPosition(reader: InputReader, input: (typeof visiblePlaces)[number]): SealPosition {
  const value = reader.text(input);
  if (input === 'visible-field') return { field: value };
  if (input === 'visible-placeholder') return { placeholder: value };
  const [, page, x, y] = /^page=([1-9]\d*),\s*x=(\d+(?:\.\d+)?),\s*y=(\d+(?:\.\d+)?)$/.exec(value) ?? [];
  if (page === undefined) reader.fail(input, `invalid position "${value}": expected page=1,x=70,y=100.`);
  return { page: Number(page), x: Number(x), y: Number(y) };
}

function readArea(reader: InputReader): VisibleSeal['area'] {
  const value = reader.text('visible-size');
  if (value === '') return undefined;
  const [, width, height] = /^(\d+(?:\.\d+)?)\s*x\s*(\d+(?:\.\d+)?)$/i.exec(value) ?? [];
  if (Number(width) > 0 && Number(height) > 0) return { width: Number(width), height: Number(height) };
  reader.fail('visible-size', `invalid size "${value}": expected 155x50.`);
  return undefined;
}

function readBackground(reader: InputReader): string | undefined {
  const value = reader.optional('visible-background');
  if (value !== undefined && value !== 'transparent' && !/^#[0-9a-f]{6}$/i.test(value)) {
    reader.fail('visible-background', `invalid colour "${value}": expected #RRGGBB or transparent.`);
  }
  return value;
}

function readFontSize(reader: InputReader): number | undefined {
  const value = reader.optional('visible-font-size');
  if (value === undefined || Number(value) > 0) return value === undefined ? undefined : Number(value);
  reader.fail('visible-font-size', `invalid font size "${value}": expected points, such as 11.`);
  return undefined;
}

function readImage(reader: InputReader): VisibleSeal['image'] {
  const path = reader.optional('visible-image');
  if (path === undefined) return undefined;
  const type = /\.(png|jpe?g)$/i.exec(path)?.[1]?.toLowerCase();
  if (type === undefined) reader.fail('visible-image', `"${path}" is neither a .png nor a .jpg file.`);
  try {
    return { type: type === 'png' ? 'png' : 'jpg', bytes: readFileSync(path) };
  } catch (error) {
    reader.fail('visible-image', `"${path}" cannot be read: ${(error as Error).message}.`);
    return undefined;
  }
}
