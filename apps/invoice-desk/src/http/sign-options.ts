import { isSignStashError } from '@signstash-connect/core';
import { parseSignOptions, type SettingValue } from '@signstash-connect/core/adapter';
import type { BatchSignOptions } from '../batches/batch.ts';
import { DeskError } from './desk-error.ts';

/** Fields of the form and what they are called in messages; any other is refused. */
const fields = ['reason', 'location', 'visiblePosition', 'visibleSize', 'visibleText'] as const;
const maxTextLength = 200;

/** The sign options of the form. @throws {@link DeskError} naming every field that is wrong. */
export function readSignOptions(json: unknown): BatchSignOptions {
  const values = Object.entries(parseObject(json));
  const refused = values.find(
    ([name, value]) => !fields.includes(name as never) || typeof value !== 'string' || value.length > maxTextLength,
  );
  if (refused)
    throw invalid(
      `Invalid "${refused[0].slice(0, 50)}": expected one of ${fields.join(', ')}, as text of at most ${maxTextLength} characters.`,
    );
  try {
    return parseSignOptions(Object.fromEntries(values) as Record<string, SettingValue>);
  } catch (error) {
    if (isSignStashError(error)) throw invalid(error.message);
    throw error;
  }
}

function parseObject(json: unknown): object {
  try {
    const value: unknown = JSON.parse(String(json ?? '{}'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Refused below.
  }
  throw invalid('Invalid options: expected a JSON object.');
}

const invalid = (message: string) => new DeskError('SIGN_OPTIONS_INVALID', 400, message);
