import type { DocumentSource } from '../api/request/document-source.ts';
import { DocumentFailedError } from '../errors/errors.ts';
import type { OnWarning } from '../utils/warning.ts';
import { ContentCheck, type ContentCheckSetting, type ContentLimits } from './content-check.ts';
import type { PreparedDocument } from './document-input.ts';
import type { Outcome, SignedOutcome } from './outcome.ts';
import type { SignExactlyOnceOptions } from './sign-exactly-once.ts';

/** The client's settings for returned contents. */
export interface ContentCheckSettings {
  readonly setting: ContentCheckSetting;
  readonly limits: Required<ContentLimits>;
  readonly onWarning: OnWarning | undefined;
  /** See `SignOptions.recoveredContent`. */
  readonly recoveredContent: 'same' | 'any';
}

/** What a run does with contents beyond storing them. */
export interface ContentHandling<T> {
  /** Reads a stored content, for a `contentCheck` function. */
  readonly openContent?: ((content: T) => DocumentSource | Promise<DocumentSource>) | undefined;
  /** Keeps a content that is not valid. @returns Its path, if it has one. */
  readonly reject?: ((content: T, document: PreparedDocument) => Promise<string | undefined>) | undefined;
}

/**
 * Puts the content check between the service's answers and the outcomes that are reported: the options to sign with, and a
 * function that waits for the checks still running.
 */
export function checkOutcomes<T>(
  documents: readonly PreparedDocument[],
  options: SignExactlyOnceOptions<T>,
): { options: SignExactlyOnceOptions<T>; finished: () => Promise<unknown> } {
  const { platform, contentCheck, openContent, store, release, onOutcome } = options;
  const check = new ContentCheck<T>(documents, { platform, openContent, ...contentCheck });
  const running: Promise<void>[] = [];
  const report = async (outcome: SignedOutcome<T>) => onOutcome(await checkOutcome(check, outcome, options));
  return {
    options: {
      ...options,
      store: store && check.wrap(store),
      release: async (content) => {
        check.forget(content);
        await release?.(content);
      },
      onOutcome: (outcome) => {
        if (outcome.signed && outcome.content !== undefined) running.push(report(outcome));
        else onOutcome(outcome);
      },
    },
    finished: () => Promise.all(running),
  };
}

/** Never rejects: a document whose check fails for any reason is not reported as signed. */
async function checkOutcome<T>(
  check: ContentCheck<T>,
  outcome: SignedOutcome<T>,
  { reject }: ContentHandling<T>,
): Promise<Outcome<T>> {
  const { document, operationId } = outcome;
  const problem = await check.check(outcome);
  if (problem === undefined) return outcome;
  const content = outcome.content as T;
  const details = { operationId, references: [document.reference], document: document.name };
  try {
    const kept = await reject?.(content, document);
    const where = kept === undefined ? '' : ` It is kept in ${kept}.`;
    const error = new DocumentFailedError('CONTENT_NOT_VALID', `${problem}${where}`, details);
    if (content instanceof Uint8Array) error.keepContent(content);
    return { signed: false, document, error };
  } catch (cause) {
    const error = new DocumentFailedError('CONTENT_NOT_VALID', `${problem} It could not be kept.`, {
      ...details,
      cause,
    });
    return { signed: false, document, error };
  }
}
