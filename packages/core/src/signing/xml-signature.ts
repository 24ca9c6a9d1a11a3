import type { SaxesParser } from 'saxes';

const signatureNamespace = 'http://www.w3.org/2000/09/xmldsig#';

let Parser: typeof SaxesParser | undefined;

/** Loads the XML parser. Needed before the first {@link XmlSignatureFinder}; programs that sign only PDFs start without it. */
export async function loadXmlParser(): Promise<void> {
  const { SaxesParser } = await import('saxes');
  Parser = SaxesParser;
}

/** Checks, as an XML document arrives, that it is well-formed and holds a signature. */
export class XmlSignatureFinder {
  readonly #parser: SaxesParser<{ xmlns: true }>;
  #decoder: InstanceType<typeof TextDecoder> | undefined;
  #signed = false;
  #problem: string | undefined;

  constructor() {
    if (!Parser) throw new TypeError('The XML parser has not been loaded.');
    this.#parser = new Parser({ xmlns: true });
    this.#parser.on('opentag', ({ local, uri }) => {
      if (local === 'Signature' && uri === signatureNamespace) this.#signed = true;
    });
    this.#parser.on('error', ({ message }) => {
      // Entities that a document type definition declares are not expanded, and are not errors.
      if (!message.includes('undefined entity')) this.#problem ??= `it is not well-formed XML (${message})`;
    });
  }

  take(chunk: Uint8Array): void {
    if (this.#problem !== undefined || chunk.byteLength === 0) return;
    this.#decoder ??= new TextDecoder(encoding(chunk));
    this.#parser.write(this.#decoder.decode(chunk, { stream: true }));
  }

  /** @returns What is wrong; undefined for a well-formed document with a signature. */
  finish(): string | undefined {
    if (this.#problem === undefined) this.#parser.close();
    return this.#problem ?? (this.#signed ? undefined : 'it has no XML signature');
  }
}

/** By the byte order mark; other encodings than UTF-8 and UTF-16 keep their markup readable as Latin-1. */
function encoding(head: Uint8Array): string {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  const declaration = new TextDecoder('latin1').decode(head.subarray(0, 200)).toLowerCase();
  const start = declaration.startsWith('<?xml') ? declaration.slice(0, declaration.indexOf('?>')) : '';
  return start.includes('encoding') && !start.includes('utf-8') && !start.includes('us-ascii') ? 'latin1' : 'utf-8';
}
