import type { OperationDocument } from '../api/response/operation.ts';
import type { SignStashError } from '../errors/errors.ts';
import type { DocumentContent } from '../files/document-content.ts';
import type { LockOptions } from '../locks/locked-documents.ts';
import type { SignOptions } from '../signing/client.ts';
import type { DocumentInput } from '../signing/document-input.ts';
import type { SignedResult, SignResult } from '../signing/results.ts';

/** One document of a batch. */
export interface BatchDocument extends DocumentInput<DocumentContent> {
  /** Where its signed content goes, instead of where {@link BatchOptions} would put it. */
  output?: string;
}

/**
 * What a batch signs: paths and glob patterns (`!` excludes; sorted, each file once; earlier outputs are left out), or any
 * iterable of documents, which is read only as fast as they are signed.
 */
export type BatchInput = string | readonly string[] | Iterable<BatchDocument> | AsyncIterable<BatchDocument>;

/** The lock options go before those of the client. */
export interface BatchOptions extends SignOptions, LockOptions {
  /** Where signed files go. Default: next to each document. */
  outputDirectory?: string;
  /** Below {@link BatchOptions.outputDirectory}, keep the documents' tree from this directory on. Default: no tree. */
  baseDirectory?: string;
  /** Put before the extension of output names. Default `-signed`. */
  suffix?: string;
  /** Keep signed contents in memory and give them with the results, instead of writing files. */
  inMemory?: boolean;
  /** Replace existing output files. Default false: such a document is refused before it is sent. */
  overwrite?: boolean;
  /**
   * Report a document only once its output has been flushed to disk. Default: true through the on-premise proxy, where the service
   * keeps no copy, false otherwise.
   */
  durable?: boolean;
  /** Path of the journal, which lets the next run continue after a kill. Default: none. */
  journal?: string;
  /** Documents in a request, 1 to 99. Default 50. */
  batchSize?: number;
  /** Bytes of documents in a request; a larger document goes alone. Default 64 MiB. */
  maxRequestBytes?: number;
  /**
   * How long the documents of a request that is not full wait for the next one, before the request is sent. Milliseconds. Default 2,000
   * for paths and patterns, 200 for other sources, whose next document may not exist yet.
   */
  lingerMs?: number;
  /** Requests under way at once. Default 4. */
  concurrency?: number;
  /** Called with the progress, at most ten times per second and once at the end. */
  onProgress?: (progress: BatchProgress) => void;
}

export interface BatchProgress {
  /** Documents with a result. */
  done: number;
  /** Of these, the ones that were not signed. */
  failed: number;
  /** Documents in all, where that is known beforehand. */
  total?: number;
  /** Bytes of the documents with a result, before signing. */
  bytes: number;
  bytesPerSecond: number;
  /** Milliseconds until the end, by the pace so far, where the total is known. */
  etaMs?: number;
}

/** A result of `signAll`. */
export type BatchResult = SignResult<SignedBatchDocument>;

/** A document that is signed and whose content is where it should be. */
export interface SignedBatchDocument extends SignedResult {
  /** Path of the signed file. */
  readonly outputPath?: string;
  /** The signed content, with {@link BatchOptions.inMemory}. */
  readonly content?: Uint8Array;
  /** Bytes of the signed content; 0 if it was finished by an earlier run. */
  readonly bytes: number;
  /** True if the journal says that an earlier run finished it: no request was sent. */
  readonly resumed: boolean;
  /** True if another process signed it at the same time: `outputPath` is the file that it wrote. */
  readonly signedByAnotherProcess?: boolean;
  /** Milliseconds from the start of the request to this result; 0 if resumed. */
  readonly durationMs: number;
  /** What the service says about the document; absent if resumed. */
  readonly document?: OperationDocument;
}

export interface BatchSummary {
  /** Documents with a result. */
  documents: number;
  signed: number;
  failed: number;
  /** Of the signed ones, those that an earlier run had finished. */
  resumed: number;
  /** Bytes of the documents, before signing. */
  bytes: number;
  /** Milliseconds since the start. */
  durationMs: number;
  /** Requests that the service refused and whose documents were sent again in smaller groups, the latest 100. */
  splits: BatchSplit[];
  /** Why no more documents were read, if every further one would have failed the same way: credentials, account, quota, configuration, or an output that cannot be written. */
  stoppedBy?: SignStashError;
}

/** One refused request of a batch. */
export interface BatchSplit {
  /** How many documents it had. */
  readonly documents: number;
  /** Why it was refused, with the service's message. */
  readonly reason: string;
  /** The service's error code, if it gave one. */
  readonly errorCode?: string;
}

/** A running batch: results in completion order, and a summary that can be read at any time. */
export interface SignBatch extends AsyncIterable<BatchResult> {
  readonly summary: BatchSummary;
}
