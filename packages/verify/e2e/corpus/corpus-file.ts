/** A file of the corpus, and what is needed to verify it. */
export interface CorpusFile {
  kind: 'pdf' | 'cms' | 'xml';
  /** The signing tool and the form of the file. */
  origin: string;
  /** `as signed`, or what was done to it. */
  variant: string;
  bytes: Buffer;
  /** The file before something was done to it. */
  asSigned?: Buffer;
  /** The root certificate that its signer chains to. */
  rootPath: string;
  /** The content of a detached signature. */
  content?: Buffer;
}

/** A reproducible source of numbers from 0 to `limit`. */
export function createRandom(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
