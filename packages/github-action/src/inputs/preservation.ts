import { checkReceivers, isSignStashError, type Preservation } from '@signstash-connect/core';
import { InputError } from './input-error.ts';
import type { RawInputs } from './raw-inputs.ts';
import { flag, lines } from './values.ts';

/** Archiving and delivery by the service. */
export function preservation(raw: RawInputs): Preservation | undefined {
  const receivers = lines(raw('delivery-emails').replaceAll(',', '\n'));
  const attachDocuments = flag(raw, 'delivery-attach');
  const preserveContent = flag(raw, 'preserve-content');
  if (receivers.length === 0) {
    if (attachDocuments) throw new InputError('delivery-attach', "it needs 'delivery-emails'.");
    return preserveContent ? { preserveContent } : undefined;
  }
  try {
    checkReceivers(receivers);
  } catch (error) {
    if (isSignStashError(error)) throw new InputError('delivery-emails', error.message);
    throw error;
  }
  return { preserveContent, delivery: { receivers, attachDocuments } };
}
