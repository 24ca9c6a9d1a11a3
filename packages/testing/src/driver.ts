import type { Sandbox } from '@signstash-connect/sandbox';

/** A document as a user passes it to an adapter. */
export interface TestFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** How one run of an adapter is set up. */
export interface TestSettings {
  readonly sandbox: Sandbox;
  /** Default: the sandbox's own. */
  readonly clientSecret?: string;
  /** Default: the adapter's own. */
  readonly batchSize?: number;
  /** Fires when the user cancels. */
  readonly signal?: AbortSignal;
}

/** The result of one file. */
export interface TestOutcome {
  /** The name of the {@link TestFile}. */
  readonly name: string;
  readonly ok: boolean;
  /** Of a signed document. */
  readonly content?: Uint8Array;
  /** Of a failure: the stable code. */
  readonly code?: string;
  /** Of a failure: one line that says what failed, if the platform shows one apart from the message. */
  readonly title?: string;
  /** Of a failure: what to do next. */
  readonly hint?: string;
}

/** What an adapter can do; the suite adapts its expectations. */
export interface DriverTraits {
  /** Whether files that are fine are signed if another one of the same run is not. */
  readonly partial: boolean;
  /** The largest number of files of one run. Default: no limit. */
  readonly maxFiles?: number;
  /** Whether files come from a disk, so that only names that a disk takes can be tested. */
  readonly fromDisk: boolean;
  /**
   * True if its waits cannot be shortened: a document that may have been sent is looked up for a minute before it is sent again. All
   * faults then strike one run, so that they are waited for together.
   */
  readonly slow?: boolean;
  /** Milliseconds for one test. Default 30,000. */
  readonly timeoutMs?: number;
}

/** Connects the conformance suite to one adapter; created for each test. */
export interface AdapterDriver {
  /** Runs the adapter on files. Failures of documents are outcomes, in any order. */
  sign(files: readonly TestFile[], settings: TestSettings): Promise<TestOutcome[]>;
  /** Everything that the adapter printed, answered, logged or stored so far, signed documents aside. */
  output(): readonly (string | Uint8Array)[];
}
