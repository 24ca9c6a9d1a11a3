import { type SignatureType, ValidationError } from '@signstash-connect/core/client';
import type { IBinaryData, IExecuteFunctions } from 'n8n-workflow';
import { splitList } from './parameters.ts';

/** A file of an input item. Only its metadata is loaded; the bytes stay in n8n's storage until read. */
export interface BinaryInput {
  /** The field it is in; undefined where an expression gave the file itself. */
  readonly field: string | undefined;
  readonly fileName: string;
  readonly mimeType: string;
  /** Bytes. */
  readonly size: number;
  read(): Promise<Buffer>;
}

/** The files that a parameter names: a field, several separated by commas, or what an expression gives. */
export async function binaryInputs(context: IExecuteFunctions, item: number, named: unknown): Promise<BinaryInput[]> {
  const files = typeof named === 'string' ? splitList(named) : Array.isArray(named) ? named : [named];
  if (files.length === 0) {
    throw new ValidationError('NO_DOCUMENTS', 'The parameter Input Data Field Name is empty.', {
      hint: 'Name the field of the input item that holds the file, such as data.',
    });
  }
  return Promise.all(files.map((file: string | IBinaryData) => binaryInput(context, item, file)));
}

async function binaryInput(context: IExecuteFunctions, item: number, file: string | IBinaryData): Promise<BinaryInput> {
  const data = context.helpers.assertBinaryData(item, file);
  return {
    field: typeof file === 'string' ? file : undefined,
    fileName: data.fileName ?? '',
    mimeType: data.mimeType ?? '',
    // With an id the bytes are in n8n's storage; without, they are in the item itself, as base64.
    size: data.id
      ? (await context.helpers.getBinaryMetadata(data.id)).fileSize
      : Buffer.byteLength(data.data, 'base64'),
    read: () => context.helpers.getBinaryDataBuffer(item, file),
  };
}

/** Refuses, before reading a byte, files whose size or media type does not suit the signature type. */
export function refuseByMetadata(file: BinaryInput, type: SignatureType | undefined, maxBytes: number): void {
  const document = file.fileName || file.field || 'the file';
  const details = { document };
  if (file.size === 0) throw new ValidationError('DOCUMENT_EMPTY', `${document} is empty.`, details);
  if (file.size > maxBytes) {
    const message = `${document} is ${megabytes(file.size)} MB, more than the ${megabytes(maxBytes)} MB allowed.`;
    throw new ValidationError('DOCUMENT_TOO_LARGE', message, details);
  }
  if (type !== 'CAdES' && /^(image(?!\/svg\+xml)|audio|video|font)\//.test(file.mimeType)) {
    const [code, wanted] =
      type === 'XAdES' ? (['DOCUMENT_NOT_XML', 'an XML'] as const) : (['DOCUMENT_NOT_PDF', 'a PDF'] as const);
    throw new ValidationError(code, `${document} is not ${wanted} file but ${file.mimeType}.`, details);
  }
}

const megabytes = (bytes: number) => Number((bytes / 1024 / 1024).toFixed(bytes < 10 * 1024 * 1024 ? 2 : 0));
