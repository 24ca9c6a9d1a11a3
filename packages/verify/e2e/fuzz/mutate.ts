import { createRandom } from '../corpus/corpus-file.ts';

type Mutation = (bytes: Buffer, random: (limit: number) => number) => Buffer;

const TOKENS = [
  '/ByteRange',
  '/Contents',
  '<<',
  '>>',
  'endobj',
  'stream',
  ' 0 R',
  '9999999999',
  '-1',
  '<',
  '>',
  ']',
  '%%EOF\n',
  '<!--',
  ']]>',
  '&#0;',
  '&a;',
];

const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => {
    const result = Buffer.from(bytes);
    result[random(result.length)]! ^= 1 << random(8);
    return result;
  },
  (bytes, random) => {
    const result = Buffer.from(bytes);
    for (let count = 1 + random(8); count > 0; count--) result[random(result.length)] = random(256);
    return result;
  },
  (bytes, random) => {
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random(64))]);
  },
  (bytes, random) => {
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(TOKENS[random(TOKENS.length)]!), bytes.subarray(at)]);
  },
  (bytes, random) => {
    const from = random(bytes.length);
    const at = random(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, from + random(512)), bytes.subarray(at)]);
  },
  (bytes, random) => bytes.subarray(0, random(bytes.length)),
  (bytes, random) => {
    // Numbers are what offsets, lengths and references are made of.
    const digits = [...bytes.entries()].filter(([, byte]) => byte >= 0x30 && byte <= 0x39).map(([index]) => index);
    const result = Buffer.from(bytes);
    if (digits.length > 0) result[digits[random(digits.length)]!] = 0x30 + random(10);
    return result;
  },
  (bytes, random) => {
    const result = Buffer.from(bytes);
    const [from, to, length] = [random(bytes.length), random(bytes.length), random(64)];
    bytes.copy(result, to, from, Math.min(from + length, bytes.length));
    return result;
  },
];

/** A changed copy that is the same for the same seed. */
export function mutate(bytes: Buffer, seed: number): Buffer {
  const random = createRandom(seed);
  // The first numbers of neighbouring seeds are alike.
  for (let skipped = 0; skipped < 4; skipped++) random(2);
  return MUTATIONS[random(MUTATIONS.length)]!(bytes, random);
}
