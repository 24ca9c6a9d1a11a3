import type { BodyFormat, ClientSettings } from '@signstash-connect/core/client';
import type { IExecuteFunctions } from 'n8n-workflow';

/** Options of a whole execution of the node. Sizes in bytes. */
export interface SendOptions {
  readonly batchSize: number;
  readonly batchBytes: number;
  readonly maxFileBytes: number;
  readonly client: ClientSettings;
}

/** The Sending collection: what the user has not set is missing. */
interface Sending {
  batchSize?: number;
  batchMegabytes?: number;
  lookUpFirst?: boolean;
  maxFileMegabytes?: number;
  format?: BodyFormat;
  timeout?: number;
  waitForExecution?: number;
}

const mebibyte = 1024 * 1024;
/** A look-up never takes longer than the request that it is about. Milliseconds. */
const maxLookupMs = 60_000;

export function getSendOptions(context: IExecuteFunctions): SendOptions {
  const given = context.getNodeParameter('sending', 0, {}) as Sending;
  const { batchSize = 50, batchMegabytes = 25, maxFileMegabytes = 100, lookUpFirst = true, format = 'json' } = given;
  const { timeout = 300, waitForExecution = 300 } = given;
  const [signMs, maxFileBytes] = [timeout * 1000, maxFileMegabytes * mebibyte];
  return {
    ...{ batchSize, batchBytes: batchMegabytes * mebibyte, maxFileBytes },
    client: {
      ...{ lookUpFirst, format, maxDocumentBytes: maxFileBytes, retry: { pendingMs: waitForExecution * 1000 } },
      timeouts: { signMs, lookupTimeoutMs: Math.min(signMs, maxLookupMs) },
    },
  };
}
