import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import type { UpdateOptions } from './pdf.ts';

const PERMISSIONS = -4;

/** Encrypts the objects of a PDF and of its updates with AES-256 (revision 5), for `appendUpdate`. */
export function encryptWith(password: string, id = randomBytes(16)): UpdateOptions & { trailer: string } {
  const key = randomBytes(32);
  const user = wrap(key, password, Buffer.alloc(0));
  const owner = wrap(key, 'owner', user.hash);
  const permissions = Buffer.alloc(16, 0xff);
  permissions.writeInt32LE(PERMISSIONS);
  permissions.write('Tadb', 8, 'latin1');
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  const entries = [
    '/Filter /Standard /V 5 /R 5 /Length 256 /StmF /StdCF /StrF /StdCF',
    '/CF << /StdCF << /CFM /AESV3 /AuthEvent /DocOpen /Length 32 >> >>',
    `/U ${hex(user.hash)} /UE ${hex(user.wrapped)} /O ${hex(owner.hash)} /OE ${hex(owner.wrapped)}`,
    `/P ${PERMISSIONS} /Perms ${hex(cipher.update(permissions))}`,
  ];
  return {
    trailer: `/Encrypt << ${entries.join(' ')} >> /ID [${hex(id)} ${hex(id)}]`,
    encrypt: (object) => encryptObject(object, key),
  };
}

function wrap(key: Buffer, password: string, bound: Buffer) {
  const [validationSalt, keySalt] = [randomBytes(8), randomBytes(8)];
  const hash = (salt: Buffer) => createHash('sha256').update(password).update(salt).update(bound).digest();
  const cipher = createCipheriv('aes-256-cbc', hash(keySalt), Buffer.alloc(16)).setAutoPadding(false);
  return { hash: Buffer.concat([hash(validationSalt), validationSalt, keySalt]), wrapped: cipher.update(key) };
}

/** Literal strings, and the data of a stream. */
function encryptObject(object: string, key: Buffer): string {
  const [dictionary = '', data] = object.split('\nstream\n');
  const value = dictionary.replace(/\(([^()]*)\)/g, (_, text: string) => hex(encrypt(text, key)));
  if (data === undefined) return value;
  const encrypted = encrypt(data.replace(/\nendstream$/, ''), key);
  const length = value.replace(/\/Length \d+/, `/Length ${encrypted.length}`);
  return `${length}\nstream\n${encrypted.toString('latin1')}\nendstream`;
}

function encrypt(text: string, key: Buffer): Buffer {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  return Buffer.concat([iv, cipher.update(text, 'latin1'), cipher.final()]);
}

function hex(bytes: Buffer): string {
  return `<${bytes.toString('hex')}>`;
}
