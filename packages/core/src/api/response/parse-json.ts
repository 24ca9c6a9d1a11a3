import { ProtocolError } from '../../errors/errors.ts';
import { titleOf } from './web-page.ts';

/**
 * Parses an answer; integers too large for a JavaScript number become strings, so that no operation id changes on its way.
 *
 * @throws {@link ProtocolError} saying what came instead: nothing, a web page, or JSON that ends early.
 */
export function parseJson(text: string, what: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') throw new ProtocolError('PROTOCOL_UNEXPECTED', `${what}: the answer is empty.`);
  if (trimmed.startsWith('<')) {
    throw new ProtocolError('PROTOCOL_UNEXPECTED', `${what}: the answer is a web page, not JSON${titleOf(trimmed)}.`);
  }
  try {
    return /\d{16}/.test(trimmed) ? JSON.parse(trimmed, exactIntegers as never) : JSON.parse(trimmed);
  } catch {
    const cut = /^[[{"\d]/.test(trimmed) && !/[\]}]$/.test(trimmed);
    throw cut
      ? new ProtocolError(
          'PROTOCOL_TRUNCATED',
          `${what}: the answer ended after ${trimmed.length} characters, in the middle of its JSON.`,
        )
      : new ProtocolError('PROTOCOL_UNEXPECTED', `${what}: the answer is not JSON.`);
  }
}

function exactIntegers(_key: string, value: unknown, context: { source?: string } | undefined): unknown {
  const source = context?.source;
  return typeof value === 'number' && !Number.isSafeInteger(value) && source && /^-?\d+$/.test(source) ? source : value;
}
