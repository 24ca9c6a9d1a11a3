import { inflateSync } from 'node:zlib';
import { VerificationProblem } from '../report.ts';
import type { ByteSource } from '../source.ts';
import { PdfArray, PdfDict, PdfName, type PdfStream, type PdfValue } from './objects.ts';
import { malformed } from './parser.ts';

/** Only cross-reference streams, object streams and validation data are decoded; none comes near this size. */
const MAX_DECODED_BYTES = 16 * 1024 * 1024;

/** The decoded data of a stream. `length` is its resolved `/Length`; `decrypt` is for all but cross-reference streams. */
export async function decodeStream(
  source: ByteSource,
  stream: PdfStream,
  length: PdfValue | undefined,
  decrypt?: (stream: PdfStream, data: Buffer) => Buffer,
): Promise<Buffer> {
  if (
    typeof length !== 'number' ||
    !Number.isSafeInteger(length) ||
    length < 0 ||
    stream.start + length > source.size
  ) {
    throw malformed(`The PDF stream at byte ${stream.start} has no usable /Length.`);
  }
  if (length > MAX_DECODED_BYTES) throw tooLarge(stream);
  let data = await source.read(stream.start, stream.start + length);
  if (decrypt) data = decrypt(stream, data);
  const filters = list(stream.dict.get('Filter'));
  const parameters = list(stream.dict.get('DecodeParms'));
  for (const [index, filter] of filters.entries()) {
    // How the stream is decrypted, which is done.
    if (decrypt && index === 0 && filter instanceof PdfName && filter.name === 'Crypt') continue;
    if (!(filter instanceof PdfName) || (filter.name !== 'FlateDecode' && filter.name !== 'Fl')) {
      throw new VerificationProblem(
        'indeterminate',
        'unsupported',
        `The PDF stream at byte ${stream.start} uses an unsupported filter.`,
      );
    }
    data = inflate(data, stream);
    const parameter = parameters[index];
    if (parameter instanceof PdfDict) data = undoPredictor(data, parameter);
  }
  return data;
}

function inflate(data: Buffer, stream: PdfStream): Buffer {
  try {
    return inflateSync(data, { maxOutputLength: MAX_DECODED_BYTES });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(stream);
    throw malformed(`The PDF stream at byte ${stream.start} cannot be decompressed.`);
  }
}

function undoPredictor(data: Buffer, parameters: PdfDict): Buffer {
  const predictor = parameters.get('Predictor') ?? 1;
  if (predictor === 1) return data;
  const columns = parameters.get('Columns') ?? 1;
  const isPlain = [parameters.get('Colors') ?? 1, parameters.get('BitsPerComponent') ?? 8].join() === '1,8';
  if (typeof predictor !== 'number' || predictor < 10 || typeof columns !== 'number' || !isPlain || columns < 1) {
    throw new VerificationProblem('indeterminate', 'unsupported', 'The PDF uses an unsupported predictor.');
  }
  const rows = Math.floor(data.length / (columns + 1));
  const result = Buffer.alloc(rows * columns);
  for (let row = 0; row < rows; row++) {
    const type = data[row * (columns + 1)]!;
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      const left = column > 0 ? result[at - 1]! : 0;
      const up = row > 0 ? result[at - columns]! : 0;
      const upperLeft = column > 0 && row > 0 ? result[at - columns - 1]! : 0;
      result[at] = data[row * (columns + 1) + 1 + column]! + predicted(type, left, up, upperLeft);
    }
  }
  return result;
}

/** PNG filters (PNG specification, 9). */
function predicted(type: number, left: number, up: number, upperLeft: number): number {
  if (type === 0) return 0;
  if (type === 1) return left;
  if (type === 2) return up;
  if (type === 3) return (left + up) >> 1;
  const estimate = left + up - upperLeft;
  const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - upperLeft)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : upperLeft;
}

function list(value: PdfValue | undefined): readonly PdfValue[] {
  if (value === undefined || value === null) return [];
  return value instanceof PdfArray ? value.items : [value];
}

function tooLarge(stream: PdfStream): VerificationProblem {
  return new VerificationProblem(
    'indeterminate',
    'limit-exceeded',
    `The PDF stream at byte ${stream.start} is too large.`,
  );
}
