import type { BatchOptions, ReferenceLock, SignBatch } from '@signstash-connect/core';
import type { ErrorDescription, ParsedSignOptions } from '@signstash-connect/core/adapter';
import type { BatchInput, SignFilesOptions } from '@signstash-connect/core/adapter/node';
import type { Operations } from '@signstash-connect/core/client';
import type { Folders } from './folders.ts';

/** What the watcher needs of a client of core. */
export interface WatchClient {
  signAll(documents: BatchInput, options?: BatchOptions): SignBatch;
  readonly operations: Pick<Operations, 'getStatus'>;
}

/** A complete file that is about to be signed. */
export interface WatchedFile {
  readonly path: string;
  /** Below the input folder, with slashes. */
  readonly name: string;
  /** Of its content, in hexadecimal. */
  readonly sha256: string;
}

/** How files get their external references. */
export interface FileReferences {
  /** The same for the same file, whenever it is read. */
  resolve(file: WatchedFile): Promise<string>;
  /** Whether a reference stands for all renderings of a document, as an invoice's ATCUD does; see core's `recoveredContent`. */
  readonly anyRendering: boolean;
}

export interface WatchOptions {
  client: WatchClient;
  /** Prefix of derived external references. */
  clientId: string;
  /** Has `in`, `signed`, `processed`, `failed` and the watcher's state. Missing folders are created. */
  folder: string;
  /** Other places for single folders. Absolute, or relative to {@link folder}. */
  folders?: Partial<Folders>;
  /** How documents are signed where no profile says otherwise. */
  sign?: ParsedSignOptions;
  /** External references where no profile says otherwise. Default: from client ID, name below the input folder and content. */
  reference?: FileReferences;
  /** Reads the pattern of a profile. @throws `ConfigurationError` naming the problem. Default: profiles must not have one. */
  parseReference?: (pattern: string) => FileReferences;
  /** Checks a signed file before it is moved to its final path. Returns the reason why it must not be used, or undefined. */
  verify?: SignFilesOptions['verify'];
  /** Shared by all watchers of the folder. Default: lock files in the state folder. */
  lock?: ReferenceLock;
  /** Whether documents go through the on-premise proxy, which keeps no copy: what was sent is then recorded on disk first. */
  viaProxy?: boolean;
  /** Leave originals in the input folder. Default false: they are moved to `processed`. */
  keepOriginals?: boolean;
  /** Look for files at intervals instead of by events, for network shares. Default false. */
  polling?: boolean;
  /** Documents in a request, 1 to 99. Default 50. */
  batchSize?: number;
  /** Requests in progress at once. Default 4. */
  concurrency?: number;
  /** Share of the quota, 0 to 1, from which on a warning is given. Default 0.9. */
  quotaWarning?: number;
  delays?: Partial<WatchDelays>;
  /** Called for everything that a log should contain. */
  onEvent?: (event: WatchEvent) => void;
  /** Turns errors into texts. Default: core's `describeError`. */
  describe?: (error: unknown) => ErrorDescription;
}

/** All times in milliseconds. */
export interface WatchDelays {
  /** A file counts as complete once it has not changed for this long. */
  settleMs: number;
  /** How long to wait for the end of a file that is empty or ends in the middle of a PDF or XML document. */
  incompleteMs: number;
  /** Between two attempts to sign a document (vendor's retry protocol: 1 minute). */
  retryMs: number;
  /** First and longest pause while the service, the lock or an output folder is unavailable; doubles in between. */
  outageMs: readonly [first: number, longest: number];
  /** Pause after the service refused the account or the quota was used up. */
  refusedMs: number;
  /** Until a document that another process is signing is looked at again. */
  lockedMs: number;
  /** Between two searches of the whole input folder, for files whose event was lost. */
  rescanMs: number;
  /** Between two look-ups of the quota, which the service counts once a day. */
  quotaMs: number;
}

export const defaultDelays: WatchDelays = {
  settleMs: 500,
  incompleteMs: 60_000,
  retryMs: 60_000,
  outageMs: [1_000, 60_000],
  refusedMs: 15 * 60_000,
  lockedMs: 500,
  rescanMs: 60_000,
  quotaMs: 60 * 60_000,
};

/** Attempts to sign a document before it is moved to `failed` (vendor's retry protocol). */
export const maxAttempts = 3;

/** The text of an error for the log. */
export type WatchProblem = Pick<ErrorDescription, 'code' | 'title' | 'detail' | 'hint'>;

export type WatchEvent =
  | {
      readonly type: 'signed';
      readonly file: string;
      readonly output: string;
      readonly reference: string;
      readonly recovered: boolean;
    }
  | { readonly type: 'failed'; readonly file: string; readonly movedTo: string; readonly problem: WatchProblem }
  | {
      readonly type: 'retry';
      readonly file: string;
      readonly attempt: number;
      readonly inMs: number;
      readonly problem: WatchProblem;
    }
  /** Nothing is sent for a while; the files stay in the input folder. */
  | { readonly type: 'paused'; readonly inMs: number | undefined; readonly problem: WatchProblem }
  | { readonly type: 'resumed' }
  | { readonly type: 'profile-invalid'; readonly profile: string; readonly problem: WatchProblem }
  | { readonly type: 'quota'; readonly used: number; readonly limit: number }
  | { readonly type: 'warning'; readonly message: string };

export interface WatchStatus {
  /** `paused`: waits for the service, the lock or a folder. `stopped`: the credentials were refused, a person has to act. */
  readonly state: 'starting' | 'running' | 'paused' | 'stopped' | 'closing' | 'closed';
  /** Files in the input folder that are not signed yet, without those in progress. */
  readonly queued: number;
  readonly inProgress: number;
  readonly signed: number;
  readonly failed: number;
  readonly retries: number;
  /** Files that wait because their profile is wrong. */
  readonly held: number;
  readonly lastError?: { readonly at: Date; readonly problem: WatchProblem };
  /** When paused: the next attempt. */
  readonly nextAttemptAt?: Date;
  readonly quota?: { readonly used: number; readonly limit: number };
}
