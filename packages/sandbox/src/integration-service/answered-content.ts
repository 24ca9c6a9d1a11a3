import { randomBytes } from 'node:crypto';
import type { WrongContentFault } from '../faults/fault.ts';
import { gatewayPage } from '../faults/fault-answer.ts';
import type { FaultQueue, FaultTarget } from '../faults/fault-queue.ts';
import type { ContentStore } from './content-store.ts';
import type { OperationDocument } from './operation.ts';

/** Finds the content an answer has for a document: the signed one, or what a fault puts in its place. */
export class AnsweredContent {
  readonly #faults: FaultQueue;
  readonly #contents: ContentStore;

  constructor(faults: FaultQueue, contents: ContentStore) {
    this.#faults = faults;
    this.#contents = contents;
  }

  of(document: OperationDocument, signed: Uint8Array | undefined, target: FaultTarget): Uint8Array | undefined {
    if (!signed) return undefined;
    const fault = this.#faults.takeForDocument(target, 'wrong-content', document.reference);
    return fault ? this.#wrong(fault.as, document, signed) : signed;
  }

  #wrong(as: WrongContentFault['as'], document: OperationDocument, signed: Uint8Array): Uint8Array {
    switch (as) {
      case 'unrelated':
        return randomBytes(signed.length);
      case 'tampered':
        return tampered(signed, document.contentLength);
      case 'truncated':
        return signed.subarray(0, Math.floor(signed.length / 2));
      case 'other-document':
        return this.#contents.another(document) ?? randomBytes(signed.length);
      case 'empty':
        return new Uint8Array();
      case 'html':
        return Buffer.from(gatewayPage(200, 'OK').body);
      case 'original':
        return document.original ?? signed.subarray(0, document.contentLength);
    }
  }
}

/** One bit of the part that was sent is flipped. */
function tampered(signed: Uint8Array, contentLength: number): Uint8Array {
  const copy = new Uint8Array(signed);
  const at = Math.floor(contentLength / 2);
  copy[at] = copy[at]! ^ 1;
  return copy;
}
