import type { BodyFormat, ClientSettings } from '@signstash-connect/core/client';
import type { IExecuteFunctions } from 'n8n-workflow';

/** What holds for a whole run of the node. */
export interface Sending {
  readonly batchSize: number;
  /** Bytes. */
  readonly batchBytes: number;
  /** Bytes. */
  readonly maxFileBytes: number;
  readonly client: ClientSettings;
}

interface SendingParameters {
  batchSize?: number;
  batchMegabytes?: number;
  lookUpFirst?: boolean;
  maxFileMegabytes?: number;
  format?: BodyFormat;
  timeout?: number;
  waitForExecution?: number;
}

const mebibyte = 1024 * 1024;

export function getSendOptions(context: IExecuteFunctions): Sending {
  const given = context.getNodeParameter('sending', 0, {}) as SendingParameters;
  const { batchSize = 50, batchMegabytes = 25, maxFileMegabytes = 100, lookUpFirst = true, format = 'json' } = given;
  const maxFileBytes = maxFileMegabytes * mebibyte;
  return {
    batchSize,
    batchBytes: batchMegabytes * mebibyte,
    maxFileBytes,
    client: {
      lookUpFirst,
      format,
      maxDocumentBytes: maxFileBytes,
      ...(given.waitForExecution === undefined ? {} : { retry: { pendingMs: given.waitForExecution * 1000 } }),
      ...(given.timeout === undefined ? {} : { timeouts: timeouts(given.timeout * 1000) }),
    },
  };
}

/** A question never takes longer than the request it asks about. */
const timeouts = (milliseconds: number) => ({ signMs: milliseconds, lookupTimeoutMs: Math.min(milliseconds, 60_000) });
