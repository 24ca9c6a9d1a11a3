import { ProtocolError } from '../../errors/errors.ts';

/** The largest answer without document content; a detail of 99 documents has about 100 KB. Bytes. */
const maxTextBytes = 8 * 1024 * 1024;
/** The error messages of the service and the pages of gateways are far shorter. Bytes. */
const maxErrorBytes = 64 * 1024;

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

/** Reads the beginning of an answer whose status says that the call failed; the rest is not read. */
export async function readErrorText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of body) {
    text += decoder.decode(chunk.subarray(0, maxErrorBytes - bytes), { stream: true });
    bytes += chunk.byteLength;
    if (bytes >= maxErrorBytes) break;
  }
  return text + decoder.decode();
}
