import type { IncomingMessage } from 'node:http';
import type { FaultKind } from '../faults/fault.ts';
import type { FaultTarget } from '../faults/fault-queue.ts';

/** One request, without body and secrets. */
export interface RequestLogEntry extends Partial<FaultTarget> {
  method: string;
  path: string;
  /** When it arrived, ISO 8601. */
  at: string;
  /** Status of the answer; absent while the request is in progress or if the connection was cut. */
  status?: number;
  /** Bytes of body that arrived. */
  bytes: number;
  /** The header, as sent. */
  contentLength?: string;
  /** The header, as sent. */
  contentType?: string;
  /** The header, as sent. */
  transferEncoding?: string;
  /** Faults that applied to it, in order. */
  faults: FaultKind[];
}

const kept = 10_000;

/** The latest requests. */
export class RequestLog {
  #entries: RequestLogEntry[] = [];

  add({ method = '', url = '', headers }: IncomingMessage, target: FaultTarget | undefined): RequestLogEntry {
    const entry: RequestLogEntry = {
      ...target,
      method,
      path: url.split('?')[0]!,
      at: new Date().toISOString(),
      bytes: 0,
      faults: [],
    };
    if (headers['content-length']) entry.contentLength = headers['content-length'];
    if (headers['content-type']) entry.contentType = headers['content-type'];
    if (headers['transfer-encoding']) entry.transferEncoding = headers['transfer-encoding'];
    this.#entries.push(entry);
    if (this.#entries.length > kept) this.#entries.shift();
    return entry;
  }

  snapshot(): RequestLogEntry[] {
    return structuredClone(this.#entries);
  }

  clear(): void {
    this.#entries = [];
  }
}
