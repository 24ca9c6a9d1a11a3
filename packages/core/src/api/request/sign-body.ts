import { ValidationError } from '../../errors/errors.ts';
import { multipartParts } from '../assumptions.ts';
import type { WireSignRequest } from '../wire.ts';
import { base64Length, encodeBase64 } from './base64-stream.ts';
import type { DocumentSource } from './document-source.ts';

/** The parts of a body: bytes in memory, and documents that are read only when the body is sent. */
type Piece = Uint8Array | { source: DocumentSource; as: 'base64' | 'bytes'; document: string };

export interface SignBody {
  readonly contentType: string;
  /** Bytes, known before anything is read. */
  readonly contentLength: number;
  /** Reads the body from its start; every call opens the documents again. */
  read(): AsyncIterable<Uint8Array>;
}

/** Documents in the order of `request.documents`. */
export interface BodyDocument {
  source: DocumentSource;
  /** What it is called in error messages. */
  document: string;
}

const utf8 = new TextEncoder();

/** JSON with base64 contents, for `sign/base64/`; never held as one string, which V8 limits to about 512 MB. */
export function jsonSignBody(
  request: WireSignRequest,
  documents: readonly BodyDocument[],
  toBase64: (bytes: Uint8Array) => Uint8Array,
): SignBody {
  // Placeholders for contents use a key that no caller can produce: strings in the template are escaped.
  const mark = '"\\u0000content"';
  const marked = {
    ...request,
    documents: request.documents.map((entry) => ({
      ...entry,
      documentRequest: { ...entry.documentRequest, base64Content: '\u0000content' },
    })),
  };
  const between = JSON.stringify(marked).split(mark);
  if (between.length !== documents.length + 1) throw new TypeError('The request and its documents differ in number.');
  const pieces: Piece[] = [];
  between.forEach((text, index) => {
    const opens = index < documents.length ? '"' : '';
    const closes = index > 0 ? '"' : '';
    pieces.push(utf8.encode(closes + text + opens));
    const document = documents[index];
    if (document) pieces.push({ source: document.source, as: 'base64', document: document.document });
  });
  return body('application/json', pieces, toBase64);
}

/** Raw file parts and a JSON part, for `sign/`: a quarter less to send, and no base64 work on either side. */
export function multipartSignBody(
  request: WireSignRequest,
  documents: readonly BodyDocument[],
  boundary: string,
): SignBody {
  const pieces: Piece[] = [];
  const head = (disposition: string, type: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: ${type}\r\n\r\n`;
  const part = `${head(`name="${multipartParts.request}"`, 'application/json')}${JSON.stringify(request)}\r\n`;
  pieces.push(utf8.encode(part));
  documents.forEach(({ source, document }, index) => {
    const entry = request.documents[index]?.documentRequest;
    if (!entry) throw new TypeError('The request and its documents differ in number.');
    const disposition = `name="${multipartParts.file}"; filename="${escapeFileName(entry.name)}"`;
    pieces.push(
      utf8.encode(head(disposition, entry.contentType)),
      { source, as: 'bytes', document },
      utf8.encode('\r\n'),
    );
  });
  pieces.push(utf8.encode(`--${boundary}--\r\n`));
  return body(`multipart/form-data; boundary=${boundary}`, pieces);
}

/** As the HTML standard escapes file names in form data. */
const escapeFileName = (name: string) => name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

function body(contentType: string, pieces: readonly Piece[], toBase64?: (bytes: Uint8Array) => Uint8Array): SignBody {
  const length = (piece: Piece) => {
    if (piece instanceof Uint8Array) return piece.byteLength;
    return piece.as === 'base64' ? base64Length(piece.source.size) : piece.source.size;
  };
  return {
    contentType,
    contentLength: pieces.reduce((sum, piece) => sum + length(piece), 0),
    async *read() {
      for (const piece of pieces) {
        if (piece instanceof Uint8Array) yield piece;
        else if (piece.as === 'bytes' || !toBase64) yield* sameLength(piece.source, piece.document);
        else yield* encodeBase64(sameLength(piece.source, piece.document), toBase64);
      }
    },
  };
}

/** Content-Length has been sent: a file that changed its size since must abort the request, not corrupt it. */
async function* sameLength(source: DocumentSource, document: string): AsyncIterable<Uint8Array> {
  let read = 0;
  const changed = () =>
    new ValidationError('DOCUMENT_CHANGED', `${document} changed from ${source.size} bytes while it was being sent.`, {
      document,
    });
  for await (const chunk of source.read()) {
    read += chunk.byteLength;
    if (read > source.size) throw changed();
    yield chunk;
  }
  if (read !== source.size) throw changed();
}
