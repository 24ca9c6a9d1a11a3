import type { BodyFormat, ClientSettings } from '@signstash-connect/core/client';
import type { IExecuteFunctions } from 'n8n-workflow';

/** Options of a whole execution of the node. */
export interface SendOptions {
  readonly batchSize: number;
  /** Bytes. */
  readonly batchBytes: number;
  /** Bytes. */
  readonly maxFileBytes: number;
  readonly client: ClientSettings;
}

type Sending = Partial<
  Record<'batchSize' | 'batchMegabytes' | 'maxFileMegabytes' | 'timeout' | 'waitForExecution', number>
> & {
  lookUpFirst?: boolean;
  format?: BodyFormat;
};

const mebibyte = 1024 * 1024;
/** A look-up never takes longer than the request that it is about. Milliseconds. */
const maxLookupMs = 60_000;

export function getSendOptions(context: IExecuteFunctions): SendOptions {
  const given = context.getNodeParameter('sending', 0, {}) as Sending;
  const { batchSize = 50, batchMegabytes = 25, maxFileMegabytes = 100, lookUpFirst = true, format = 'json' } = given;
  const { timeout = 300, waitForExecution } = given;
  const signMs = timeout * 1000;
  return {
    batchSize,
    batchBytes: batchMegabytes * mebibyte,
    maxFileBytes: maxFileMegabytes * mebibyte,
    client: {
      lookUpFirst,
      format,
      maxDocumentBytes: maxFileMegabytes * mebibyte,
      timeouts: { signMs, lookupTimeoutMs: Math.min(signMs, maxLookupMs) },
      ...(waitForExecution === undefined ? {} : { retry: { pendingMs: waitForExecution * 1000 } }),
    },
  };
}
