import { readFileSync } from 'node:fs';
import type { SealPosition, SignatureOptions, VisibleSeal } from '@signstash-connect/core';
import { InputError } from './input-error.ts';
import type { RawInputs } from './raw-inputs.ts';
import { choice, flag, optional } from './values.ts';

/** How documents are sealed. */
export function seal(raw: RawInputs): SignatureOptions {
  const type = choice(raw, 'signature-type', ['PAdES', 'XAdES', 'CAdES']);
  const [reason, location] = ['reason', 'location'].map((input) => optional(raw, input));
  const visible = visibleSeal(raw);
  if (type && type !== 'PAdES') {
    const stray = location ? 'location' : visible && visiblePlaces.find((input) => raw(input) !== '');
    if (stray) throw new InputError(stray, `it applies to PAdES only, and 'signature-type' is ${type}.`);
  }
  return {
    timestamp: flag(raw, 'timestamp'),
    ...(type ? { type } : {}),
    ...(reason ? { reason } : {}),
    ...(location ? { location } : {}),
    ...(visible ? { visible } : {}),
  };
}

const visiblePlaces = ['visible-position', 'visible-field', 'visible-placeholder'] as const;
const visibleLooks = ['visible-template', 'visible-size', 'visible-background', 'visible-font-size', 'visible-image'];

function visibleSeal(raw: RawInputs): VisibleSeal | undefined {
  const [place, second] = visiblePlaces.filter((input) => raw(input) !== '');
  if (place === undefined) {
    const stray = visibleLooks.find((input) => raw(input) !== '');
    if (stray === undefined) return undefined;
    throw new InputError(stray, `a visible seal needs a place: one of ${visiblePlaces.join(', ')}.`);
  }
  if (second !== undefined) throw new InputError(second, `it contradicts '${place}': a seal has one place.`);
  const template = raw('visible-template');
  if (template === '') throw new InputError('visible-template', 'a visible seal needs a text, or "service".');
  const [area, background, size, image] = [
    visibleArea(raw),
    visibleBackground(raw),
    visibleFontSize(raw),
    visibleImage(raw),
  ];
  return {
    template: template === 'service' ? { service: true } : template,
    at: visiblePlace(raw, place),
    ...(area ? { area } : {}),
    ...(background ? { background } : {}),
    ...(size ? { font: { size } } : {}),
    ...(image ? { image } : {}),
  };
}

function visiblePlace(raw: RawInputs, input: (typeof visiblePlaces)[number]): SealPosition {
  const value = raw(input);
  if (input === 'visible-field') return { field: value };
  if (input === 'visible-placeholder') return { placeholder: value };
  const [, page, x, y] = /^page=([1-9]\d*),\s*x=(\d+(?:\.\d+)?),\s*y=(\d+(?:\.\d+)?)$/.exec(value) ?? [];
  if (page === undefined) throw new InputError(input, `"${value}" is no position such as page=1,x=70,y=100.`);
  return { page: Number(page), x: Number(x), y: Number(y) };
}

function visibleArea(raw: RawInputs): VisibleSeal['area'] {
  const value = raw('visible-size');
  if (value === '') return undefined;
  const [, width, height] = /^(\d+(?:\.\d+)?)\s*x\s*(\d+(?:\.\d+)?)$/i.exec(value) ?? [];
  if (Number(width) > 0 && Number(height) > 0) return { width: Number(width), height: Number(height) };
  throw new InputError('visible-size', `"${value}" is no size such as 155x50.`);
}

function visibleBackground(raw: RawInputs): string | undefined {
  const value = optional(raw, 'visible-background');
  if (value === undefined || value === 'transparent' || /^#[0-9a-f]{6}$/i.test(value)) return value;
  throw new InputError('visible-background', `"${value}" is no colour: use #RRGGBB or transparent.`);
}

function visibleFontSize(raw: RawInputs): number | undefined {
  const value = optional(raw, 'visible-font-size');
  if (value === undefined || Number(value) > 0) return value === undefined ? undefined : Number(value);
  throw new InputError('visible-font-size', `"${value}" is no size in points.`);
}

function visibleImage(raw: RawInputs): VisibleSeal['image'] {
  const path = optional(raw, 'visible-image');
  if (path === undefined) return undefined;
  const type = /\.(png|jpe?g)$/i.exec(path)?.[1]?.toLowerCase();
  if (type === undefined) throw new InputError('visible-image', `"${path}" is neither a .png nor a .jpg file.`);
  try {
    return { type: type === 'png' ? 'png' : 'jpg', bytes: readFileSync(path) };
  } catch (error) {
    throw new InputError('visible-image', `"${path}" cannot be read: ${(error as Error).message}.`);
  }
}
