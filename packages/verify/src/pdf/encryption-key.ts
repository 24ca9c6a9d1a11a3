import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';

/** Passwords of revision 4 and older are filled up with these bytes (ISO 32000-2, 7.6.4.3.2). */
const PADDING = Buffer.from('28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a', 'hex');
const MAX_PASSWORD_BYTES = 127;

/** The entries of the encryption dictionary and the trailer that the file key is made of. */
interface KeyParameters {
  revision: number;
  keyBytes: number;
  owner: Buffer;
  user: Buffer;
  ownerKey: Buffer;
  userKey: Buffer;
  permissions: number;
  documentId: Buffer;
  encryptMetadata: boolean;
}

/** The key that the file is encrypted with, or undefined if this is neither the user nor the owner password. */
export function deriveKey(parameters: KeyParameters, password: string): Buffer | undefined {
  if (parameters.revision >= 5) return deriveKey256(parameters, password);
  // The encoding is PDFDocEncoding, which is Latin-1 for nearly all passwords; some writers use UTF-8.
  for (const bytes of [Buffer.from(password, 'latin1'), Buffer.from(password)]) {
    const key = keyOfUser(parameters, bytes) ?? keyOfUser(parameters, userPassword(parameters, bytes));
    if (key) return key;
  }
  return undefined;
}

/** Algorithms 2, 4, 5 and 6: the key, if the password makes the /U of the dictionary. */
function keyOfUser(parameters: KeyParameters, password: Buffer): Buffer | undefined {
  const { revision, keyBytes, owner, user, permissions, documentId, encryptMetadata } = parameters;
  const flags = Buffer.alloc(4);
  flags.writeInt32LE(permissions);
  const parts = [pad(password), owner.subarray(0, 32), flags, documentId];
  if (revision >= 4 && !encryptMetadata) parts.push(Buffer.alloc(4, 0xff));
  let key = md5(...parts);
  if (revision >= 3) for (let round = 0; round < 50; round++) key = md5(key.subarray(0, keyBytes));
  key = key.subarray(0, keyBytes);
  if (revision === 2) return rc4(key, PADDING).equals(user.subarray(0, 32)) ? key : undefined;
  let expected = md5(PADDING, documentId);
  for (let round = 0; round < 20; round++) expected = rc4(exclusiveOr(key, round), expected);
  return expected.equals(user.subarray(0, 16)) ? key : undefined;
}

/** Algorithm 7: the user password that /O holds, encrypted with the owner password. */
function userPassword({ revision, keyBytes, owner }: KeyParameters, password: Buffer): Buffer {
  let key = md5(pad(password));
  if (revision >= 3) for (let round = 0; round < 50; round++) key = md5(key);
  key = key.subarray(0, keyBytes);
  let result = owner.subarray(0, 32);
  for (let round = revision >= 3 ? 19 : 0; round >= 0; round--) result = rc4(exclusiveOr(key, round), result);
  return result;
}

/** Algorithm 2.A. The salts follow the hashes in /U and /O. */
function deriveKey256({ revision, owner, user, ownerKey, userKey }: KeyParameters, text: string) {
  // SASLprep is NFKC and some refused characters, which a password that was accepted once does not contain.
  const password = Buffer.from(text.normalize('NFKC')).subarray(0, MAX_PASSWORD_BYTES);
  const hash = revision >= 6 ? hardenedHash : plainHash;
  const unwrap = (key: Buffer, wrapped: Buffer) => {
    const decipher = createDecipheriv('aes-256-cbc', key, Buffer.alloc(16)).setAutoPadding(false);
    return Buffer.concat([decipher.update(wrapped.subarray(0, 32)), decipher.final()]);
  };
  const none = Buffer.alloc(0);
  if (hash(password, user.subarray(32, 40), none).equals(user.subarray(0, 32))) {
    return unwrap(hash(password, user.subarray(40, 48), none), userKey);
  }
  const bound = user.subarray(0, 48);
  if (hash(password, owner.subarray(32, 40), bound).equals(owner.subarray(0, 32))) {
    return unwrap(hash(password, owner.subarray(40, 48), bound), ownerKey);
  }
  return undefined;
}

/** Of revision 5, an extension by Adobe that ISO 32000-2 replaced. */
function plainHash(password: Buffer, salt: Buffer, bound: Buffer): Buffer {
  return createHash('sha256').update(password).update(salt).update(bound).digest();
}

/** Algorithm 2.B. */
function hardenedHash(password: Buffer, salt: Buffer, bound: Buffer): Buffer {
  let key = plainHash(password, salt, bound);
  let encrypted: Buffer = Buffer.alloc(0);
  for (let round = 0; round < 64 || encrypted.at(-1)! > round - 32; round++) {
    const block = Buffer.concat([password, key, bound]);
    const input = Buffer.concat(Array.from({ length: 64 }, () => block));
    const cipher = createCipheriv('aes-128-cbc', key.subarray(0, 16), key.subarray(16, 32)).setAutoPadding(false);
    encrypted = Buffer.concat([cipher.update(input), cipher.final()]);
    const remainder = encrypted.subarray(0, 16).reduce((sum, byte) => sum + byte, 0) % 3;
    key = createHash(['sha256', 'sha384', 'sha512'][remainder]!).update(encrypted).digest();
  }
  return key.subarray(0, 32);
}

export function md5(...parts: Buffer[]): Buffer {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** RC4, which OpenSSL 3 has only in a provider that Node does not load. It is its own inverse. */
export function rc4(key: Buffer, data: Buffer): Buffer {
  const state = Uint8Array.from({ length: 256 }, (_, index) => index);
  const swap = (a: number, b: number) => {
    const kept = state[a]!;
    state[a] = state[b]!;
    state[b] = kept;
  };
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + state[i]! + key[i % key.length]!) & 255;
    swap(i, j);
  }
  const result = Buffer.allocUnsafe(data.length);
  for (let at = 0, i = 0, j = 0; at < data.length; at++) {
    i = (i + 1) & 255;
    j = (j + state[i]!) & 255;
    swap(i, j);
    result[at] = data[at]! ^ state[(state[i]! + state[j]!) & 255]!;
  }
  return result;
}

function pad(password: Buffer): Buffer {
  return Buffer.concat([password, PADDING]).subarray(0, 32);
}

function exclusiveOr(key: Buffer, value: number): Buffer {
  return Buffer.from(key.map((byte) => byte ^ value));
}
