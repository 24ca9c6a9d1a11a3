import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { type Certificate, parseCertificate } from './certificate.ts';

const PEM_BLOCK = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END/g;
const CERTIFICATE_FILES = new Set(['.pem', '.crt', '.cer', '.der']);

/** A period in which a service of a trusted list was granted; no `to` means that it still is. */
export interface GrantedPeriod {
  from: Date;
  to?: Date;
}

/** A certificate that chains may end at. */
export interface TrustAnchor {
  certificate: Certificate;
  /** Shown in reports: the file, or the service of a trusted list. */
  name: string;
  /** What it is trusted for; a service of a trusted list is trusted for one purpose only. */
  purposes: readonly ('signing' | 'timestamping')[];
  /** Only for services of a trusted list. */
  granted?: readonly GrantedPeriod[];
}

/** Certificates that the caller trusts. Without any, no signature is more than `valid-but-untrusted`. */
export class TrustStore {
  readonly anchors: readonly TrustAnchor[];

  constructor(anchors: readonly TrustAnchor[]) {
    this.anchors = anchors;
  }

  /** A store with the anchors of several. */
  static merge(...stores: readonly TrustStore[]): TrustStore {
    return new TrustStore(stores.flatMap(({ anchors }) => anchors));
  }

  /**
   * Trusts certificates, given as PEM text with one or more certificates, or as DER.
   * @throws {TypeError} If an input contains no certificate, or a malformed one.
   */
  static fromCertificates(inputs: string | Uint8Array | readonly (string | Uint8Array)[], name = 'given'): TrustStore {
    const list = typeof inputs === 'string' || inputs instanceof Uint8Array ? [inputs] : inputs;
    return new TrustStore(list.flatMap((input) => readCertificates(input, name)).map((entry) => anchor(entry, name)));
  }

  /**
   * Trusts the certificates of files, PEM or DER.
   * @throws {TypeError} If a file contains no certificate, or a malformed one.
   */
  static async fromFiles(...paths: readonly string[]): Promise<TrustStore> {
    const stores = await Promise.all(
      paths.map(async (path) => TrustStore.fromCertificates(await readFile(path), basename(path))),
    );
    return TrustStore.merge(...stores);
  }

  /**
   * Trusts every `.pem`, `.crt`, `.cer` and `.der` file of a folder, not of its subfolders.
   * @throws {TypeError} If the folder has no such file, or a malformed one.
   */
  static async fromFolder(folder: string): Promise<TrustStore> {
    const files = (await readdir(folder)).filter((file) => CERTIFICATE_FILES.has(extname(file).toLowerCase())).sort();
    if (files.length === 0) {
      throw new TypeError(`No certificates in "${folder}": expected files with ${[...CERTIFICATE_FILES].join(', ')}`);
    }
    return TrustStore.fromFiles(...files.map((file) => join(folder, file)));
  }

  /**
   * Trusts what each path names: a file as {@link fromFiles}, a folder as {@link fromFolder}.
   * @throws {TypeError} If a path contains no certificate, or a malformed one.
   */
  static async fromPaths(paths: readonly string[]): Promise<TrustStore> {
    const stores = paths.map(async (path) =>
      (await stat(path)).isDirectory() ? TrustStore.fromFolder(path) : TrustStore.fromFiles(path),
    );
    return TrustStore.merge(...(await Promise.all(stores)));
  }
}

function anchor(certificate: Certificate, name: string): TrustAnchor {
  return { certificate, name, purposes: ['signing', 'timestamping'] };
}

/** Reads PEM or DER certificates. */
export function readCertificates(input: string | Uint8Array, name: string): Certificate[] {
  const text = typeof input === 'string' ? input : Buffer.from(input).toString('latin1');
  const blocks = [...text.matchAll(PEM_BLOCK)].map(([, base64]) => Buffer.from(base64!, 'base64'));
  const ders = blocks.length > 0 || typeof input === 'string' ? blocks : [Buffer.from(input)];
  if (ders.length === 0) throw new TypeError(`No certificate in ${name}: expected PEM or DER`);
  return ders.map((der) => {
    try {
      return parseCertificate(der);
    } catch (cause) {
      throw new TypeError(`Malformed certificate in ${name}: expected PEM or DER`, { cause });
    }
  });
}
