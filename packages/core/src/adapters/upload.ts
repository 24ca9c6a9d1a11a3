import { maxDocumentsPerRequest } from '../api/assumptions.ts';
import { AdapterError } from './adapter-error.ts';
import { safeFileName } from './output-names.ts';
import { type NamingOptions, SettingReader } from './setting-reader.ts';

/** A document as it was uploaded. */
export interface UploadedFile {
  /** Its name, without anything that is unsafe in a file name or a header. */
  name: string;
  bytes: Uint8Array;
}

/** Limits of one upload, after decompression: all of it is in memory while it is signed. */
export interface UploadLimits {
  /** Bytes of one file. Default 25 MiB. */
  fileBytes?: number;
  /** Number of files, at most 99. Default 10. */
  files?: number;
  /** Bytes of all files together. Default 50 MiB, or `fileBytes` if larger. */
  totalBytes?: number;
}

const uploadErrors = {
  UPLOAD_MISSING: [400, 'The upload contains no document', 'Send at least one PDF.'],
  UPLOAD_MALFORMED: [400, 'The upload cannot be read', 'Send a complete and well-formed body.'],
  UPLOAD_TOO_LARGE: [413, 'The upload is too large', 'Send smaller files, or raise the named limit.'],
  UPLOAD_TOO_MANY_FILES: [413, 'The upload has too many files', 'Send fewer files, or raise the named limit.'],
  UPLOAD_TYPE_UNSUPPORTED: [415, 'The type of the upload is not supported', 'Send one of the supported types.'],
} as const;

export type UploadErrorCode = keyof typeof uploadErrors;

export function uploadError(code: UploadErrorCode, message: string, cause?: unknown): AdapterError {
  const [httpStatus, title, hint] = uploadErrors[code];
  return new AdapterError(code, message, { title, hint, httpStatus, cause });
}

/** Text fields in a form, and bytes for them, its boundaries and its part headers. */
const maxTextFields = 20;
const overheadBytes = 64 * 1024;

const mebibyte = 1024 * 1024;

/** Reads the documents of uploads that a server has received, within limits. */
export class UploadReader {
  readonly limits: Readonly<Required<UploadLimits>>;
  readonly #field: string;

  /**
   * @param field - Name of the form's file field.
   * @throws {@link SettingsError} for an unknown or impossible limit.
   */
  constructor(field: string, limits: UploadLimits = {}, naming: NamingOptions = {}) {
    const reader = new SettingReader({ ...limits }, ['fileBytes', 'files', 'totalBytes'], naming);
    for (const name of ['fileBytes', 'totalBytes']) reader.wholeNumber(name, 1, 2 ** 40);
    reader.wholeNumber('files', 1, maxDocumentsPerRequest);
    reader.finish();
    const { fileBytes = 25 * mebibyte, files = 10, totalBytes = Math.max(50 * mebibyte, fileBytes) } = limits;
    this.limits = { fileBytes, files, totalBytes };
    this.#field = field;
  }

  /** Bytes that a form may have. */
  get maxFormBytes(): number {
    return this.limits.totalBytes + overheadBytes;
  }

  tooLarge(limit: 'fileBytes' | 'totalBytes'): AdapterError {
    const what = limit === 'fileBytes' ? 'A file' : 'The upload';
    const size = formatBytes(this.limits[limit]);
    return uploadError('UPLOAD_TOO_LARGE', `${what} is larger than ${size}, the limit set by limits.${limit}.`);
  }

  /** @throws {@link AdapterError} `UPLOAD_MISSING` for an empty body. */
  readFile(bytes: Uint8Array, name = ''): UploadedFile[] {
    return this.#requireFiles(bytes.byteLength === 0 ? [] : [{ name: displayName(name, 0), bytes }]);
  }

  /**
   * @param type - The value of the Content-Type header.
   * @returns The files in their order, and the text fields.
   * @throws {@link AdapterError} `UPLOAD_…` if the body is malformed, beyond a limit, or has no file or one in another field.
   */
  async readForm(body: Uint8Array, type: string): Promise<{ files: UploadedFile[]; fields: Record<string, string> }> {
    const { limits } = this;
    if (hasMoreParts(body, type, limits.files + maxTextFields)) throw this.#tooMany();
    const response = new Response(body as Uint8Array<ArrayBuffer>, { headers: { 'Content-Type': type } });
    const entries = await response.formData().then(
      (form) => [...form],
      (cause) => {
        throw uploadError('UPLOAD_MALFORMED', 'The multipart body is malformed.', cause);
      },
    );
    const fields = entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    // A file input without a choice sends an empty part without a name.
    const files = entries.flatMap(([field, file]) =>
      typeof file === 'string' || (file.name === '' && file.size === 0) ? [] : [{ field, file }],
    );
    const other = files.find(({ field }) => field !== this.#field);
    if (other) {
      const message = `Unexpected file field ${JSON.stringify(other.field.slice(0, 100))}: expected "${this.#field}".`;
      throw uploadError('UPLOAD_MALFORMED', message);
    }
    if (files.length > limits.files) throw this.#tooMany();
    if (files.some(({ file }) => file.size > limits.fileBytes)) throw this.tooLarge('fileBytes');
    if (files.reduce((sum, { file }) => sum + file.size, 0) > limits.totalBytes) throw this.tooLarge('totalBytes');
    const documents = files.map(async ({ file }, index) => {
      return { name: displayName(file.name, index), bytes: new Uint8Array(await file.arrayBuffer()) };
    });
    return { files: this.#requireFiles(await Promise.all(documents)), fields: Object.fromEntries(fields) };
  }

  #requireFiles(files: UploadedFile[]): UploadedFile[] {
    if (files.length > 0) return files;
    throw uploadError('UPLOAD_MISSING', `The upload contains no document (field "${this.#field}").`);
  }

  #tooMany(): AdapterError {
    const message = `The upload has more than ${this.limits.files} files, the limit set by limits.files.`;
    return uploadError('UPLOAD_TOO_MANY_FILES', message);
  }
}

const displayName = (name: string, index: number): string => safeFileName(name, `document-${index + 1}.pdf`);

/** Counted before parsing: a body can hold a million empty parts. */
function hasMoreParts(bytes: Uint8Array, type: string, max: number): boolean {
  const boundary = /boundary="?([^";]+)/i.exec(type)?.[1];
  if (boundary === undefined) return false;
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let count = 0;
  for (let at = body.indexOf(`--${boundary}`); at >= 0; at = body.indexOf(`--${boundary}`, at + 1)) count++;
  // The last one ends the body.
  return count - 1 > max;
}

/** `25 MiB`, `9.5 MiB`, `800 KiB`, `12 bytes`: at most one decimal. */
export function formatBytes(bytes: number): string {
  const [unit, size] = bytes >= mebibyte ? ['MiB', mebibyte] : bytes >= 1024 ? ['KiB', 1024] : ['bytes', 1];
  return `${Math.round((bytes / (size as number)) * 10) / 10} ${unit}`;
}
