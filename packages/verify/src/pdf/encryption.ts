import { createDecipheriv } from 'node:crypto';
import { VerificationProblem } from '../report.ts';
import { deriveKey, md5, rc4 } from './encryption-key.ts';
import { PdfArray, PdfDict, PdfName, PdfRef, type PdfStream, PdfString, type PdfValue } from './objects.ts';
import { malformed } from './parser.ts';
import type { Revision } from './revision.ts';

/** How strings or streams are encrypted; `AESV3` uses the key of the file for every object. */
type Method = 'None' | 'V2' | 'AESV2' | 'AESV3';

const IV_BYTES = 16;
const AES_SALT = Buffer.from('sAlT');

/** Decrypts the strings and streams of a PDF with the standard security handler (ISO 32000-2, 7.6). */
export class Decryptor {
  readonly #key: Buffer;
  readonly #methods: ReadonlyMap<string, Method>;
  readonly #strings: Method;
  readonly #streams: Method;
  readonly #encryptMetadata: boolean;
  /** The object of the encryption dictionary, whose strings are not encrypted. */
  readonly #exempt: number | undefined;

  /**
   * @param plain The revision, whose encryption dictionary is not encrypted itself.
   * @throws {VerificationProblem} If the encryption is not supported, or the password is wrong.
   */
  static async open(plain: Revision, password: string | undefined): Promise<Decryptor> {
    const reference = plain.trailer.get('Encrypt');
    const dict = await plain.dict(reference);
    if (!dict) throw malformed('The /Encrypt of the PDF is not a dictionary.');
    const doubled = dict.duplicates[0];
    if (doubled !== undefined) throw malformed(`The encryption dictionary of the PDF has more than one /${doubled}.`);
    const version = dict.get('V');
    const revision = dict.get('R');
    const isKnown = [`1,2`, `1,3`, `2,3`, `4,4`, `5,5`, `5,6`].includes(`${version},${revision}`);
    if (dict.name('Filter') !== 'Standard' || !isKnown || typeof version !== 'number') {
      throw unsupported(`uses a security handler that is not supported (${dict.name('Filter')}, V ${version})`);
    }
    const bytes = (key: string) => {
      const value = dict.get(key);
      return value instanceof PdfString ? value.bytes : Buffer.alloc(0);
    };
    const permissions = dict.get('P');
    const [id] = await plain.array(plain.trailer.get('ID'));
    const encryptMetadata = dict.get('EncryptMetadata') !== false;
    const parameters = {
      revision: revision as number,
      keyBytes: keyBytes(version, dict.get('Length')),
      owner: bytes('O'),
      user: bytes('U'),
      ownerKey: bytes('OE'),
      userKey: bytes('UE'),
      permissions: typeof permissions === 'number' ? permissions | 0 : 0,
      documentId: id instanceof PdfString ? id.bytes : Buffer.alloc(0),
      encryptMetadata,
    };
    const isShort = version === 5 && (parameters.ownerKey.length < 32 || parameters.userKey.length < 32);
    if (parameters.owner.length < 32 || parameters.user.length < 16 || isShort) {
      throw malformed('The encryption dictionary of the PDF is malformed.');
    }
    // A document that everyone may open has an empty user password, whatever the caller gives for others.
    const key = deriveKey(parameters, password ?? '') ?? deriveKey(parameters, '');
    if (!key) {
      throw unsupported(password === undefined ? 'needs a password to be read' : 'is not opened by the given password');
    }
    return new Decryptor(key, dict, version, encryptMetadata, reference);
  }

  private constructor(
    key: Buffer,
    dict: PdfDict,
    version: number,
    encryptMetadata: boolean,
    reference: PdfValue | undefined,
  ) {
    this.#key = key;
    this.#encryptMetadata = encryptMetadata;
    this.#exempt = reference instanceof PdfRef ? reference.number : undefined;
    this.#methods = version >= 4 ? readMethods(dict, version) : new Map();
    const used = (entry: string): Method => (version >= 4 ? this.#method(dict.name(entry) ?? 'Identity') : 'V2');
    this.#strings = used('StrF');
    this.#streams = used('StmF');
  }

  /** A copy of an object of the file with its strings decrypted. What is in an object stream is not encrypted twice. */
  value(value: PdfValue, number: number, generation: number): PdfValue {
    if (number === this.#exempt || this.#strings === 'None') return value;
    const visit = (item: PdfValue): PdfValue => {
      if (item instanceof PdfString) {
        const bytes = this.#decrypt(item.bytes, this.#strings, number, generation, `string at byte ${item.start}`);
        return new PdfString(bytes, item.plainHex, item.start, item.end);
      }
      if (item instanceof PdfArray) return new PdfArray(item.items.map(visit));
      if (!(item instanceof PdfDict)) return item;
      // The signature itself is not encrypted (7.6.2).
      const isSignature = item.get('ByteRange') !== undefined;
      const entries = [...item.entries].map(
        ([key, entry]) => [key, isSignature && key === 'Contents' ? entry : visit(entry)] as const,
      );
      return new PdfDict(new Map(entries), item.duplicates);
    };
    return visit(value);
  }

  /** The data of a stream, still compressed. Cross-reference streams must not come here. */
  stream({ dict, start, number, generation }: PdfStream, data: Buffer): Buffer {
    const isPlainMetadata = dict.name('Type') === 'Metadata' && !this.#encryptMetadata;
    const method = this.#ownMethod(dict) ?? (isPlainMetadata ? 'None' : this.#streams);
    return this.#decrypt(data, method, number, generation, `stream at byte ${start}`);
  }

  /** The method that a stream names with its own /Crypt filter. */
  #ownMethod(dict: PdfDict): Method | undefined {
    const first = (value: PdfValue | undefined) => (value instanceof PdfArray ? value.items[0] : value);
    const filter = first(dict.get('Filter'));
    if (!(filter instanceof PdfName) || filter.name !== 'Crypt') return undefined;
    const parameters = first(dict.get('DecodeParms'));
    return this.#method((parameters instanceof PdfDict ? parameters.name('Name') : undefined) ?? 'Identity');
  }

  #method(filter: string): Method {
    if (filter === 'Identity') return 'None';
    const found = this.#methods.get(filter);
    if (!found) throw unsupported(`uses the crypt filter "${filter}", which is not supported`);
    return found;
  }

  #decrypt(data: Buffer, method: Method, number: number, generation: number, what: string): Buffer {
    if (method === 'None' || data.length === 0) return data;
    const key = method === 'AESV3' ? this.#key : this.#objectKey(method, number, generation);
    if (method === 'V2') return rc4(key, data);
    try {
      const decipher = createDecipheriv(`aes-${key.length * 8}-cbc`, key, data.subarray(0, IV_BYTES));
      return Buffer.concat([decipher.update(data.subarray(IV_BYTES)), decipher.final()]);
    } catch {
      throw malformed(`The encrypted ${what} of the PDF is malformed.`);
    }
  }

  /** Algorithm 1. */
  #objectKey(method: Method, number: number, generation: number): Buffer {
    const object = Buffer.alloc(5);
    object.writeUIntLE(number & 0xffffff, 0, 3);
    object.writeUIntLE(generation & 0xffff, 3, 2);
    const digest = md5(this.#key, object, ...(method === 'AESV2' ? [AES_SALT] : []));
    return digest.subarray(0, Math.min(this.#key.length + object.length, digest.length));
  }
}

function keyBytes(version: number, length: PdfValue | undefined): number {
  if (version === 1) return 5;
  if (version >= 4) return 16;
  const bits = length ?? 40;
  if (typeof bits === 'number' && bits >= 40 && bits <= 128 && bits % 8 === 0) return bits / 8;
  throw malformed('The /Length of the encryption dictionary is malformed.');
}

function readMethods(dict: PdfDict, version: number): Map<string, Method> {
  const methods = new Map<string, Method>();
  const filters = dict.get('CF');
  for (const [name, filter] of filters instanceof PdfDict ? filters.entries : []) {
    const method = filter instanceof PdfDict ? (filter.name('CFM') ?? 'None') : undefined;
    const known = version === 5 ? ['None', 'AESV3'] : ['None', 'V2', 'AESV2'];
    if (method !== undefined && known.includes(method)) methods.set(name, method as Method);
  }
  return methods;
}

function unsupported(problem: string): VerificationProblem {
  return new VerificationProblem('indeterminate', 'encrypted', `The PDF is encrypted and ${problem}.`);
}
