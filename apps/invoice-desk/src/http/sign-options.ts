import type { VisibleSeal } from '@signstash-connect/core';
import type { BatchSignOptions } from '../batches/batch.ts';
import { DeskError } from './desk-error.ts';

const maxTextLength = 200;

/** The sign options of the form; core checks the rest. */
export function readSignOptions(json: unknown): BatchSignOptions {
  let given: Record<string, unknown>;
  try {
    given = JSON.parse(String(json ?? '{}')) as Record<string, unknown>;
  } catch {
    throw invalid('options');
  }
  if (typeof given !== 'object' || given === null) throw invalid('options');
  const reason = text(given, 'reason');
  const location = text(given, 'location');
  return {
    ...(reason ? { reason } : {}),
    ...(location ? { location } : {}),
    ...(given.visible ? { visible: readVisible(given.visible as Record<string, unknown>) } : {}),
  };
}

function readVisible(given: Record<string, unknown>): VisibleSeal {
  const template = text(given, 'text');
  if (!template) throw invalid('text');
  const number = (name: string, least: number, most: number): number => {
    const value = given[name];
    if (typeof value !== 'number' || !(value >= least && value <= most)) throw invalid(name);
    return Math.round(value);
  };
  return {
    template,
    at: { page: number('page', 1, 10_000), x: number('x', 0, 20_000), y: number('y', 0, 20_000) },
    area: { width: number('width', 20, 2_000), height: number('height', 10, 2_000) },
  };
}

function text(given: Record<string, unknown>, name: string): string | undefined {
  const value = given[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value.length > maxTextLength) throw invalid(name);
  return value.trim();
}

const invalid = (field: string) => new DeskError('SIGN_OPTIONS_INVALID', 400, `"${field}" is missing or invalid.`);
