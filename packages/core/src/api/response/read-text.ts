import { ProtocolError } from '../../errors/errors.ts';

/** The largest answer without document content that is believed; a 99-document detail has about 100 KB. */
const maxTextBytes = 64 * 1024 * 1024;

/** Collects an answer that holds no document content. */
export async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxTextBytes)
      throw new ProtocolError('PROTOCOL_UNEXPECTED', 'The answer is far larger than the API describes.');
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Reads the rest of an answer nobody wants, so that its connection can serve again. */
export async function discard(body: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const _ of body);
  } catch {
    // The answer was not wanted: how it ended does not matter either.
  }
}
