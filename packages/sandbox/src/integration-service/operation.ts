import type { ServiceName } from '../endpoints.ts';
import type { WireSignatureInfo } from '../signer.ts';
import type { PreservationInfo } from '../wire/sign-request.ts';

export type OperationStatus = 'PENDING_EXECUTION' | 'EXECUTED' | 'EXECUTION_ERROR' | 'EXECUTION_FAILED';

/** One sign request, from the moment it is registered. */
export interface Operation {
  /** An int64 in decimal digits. */
  readonly id: string;
  /** The service that received the request; contents signed by the proxy are never stored. */
  readonly origin: ServiceName;
  readonly reference: string;
  readonly description: string;
  readonly preservationInfo: PreservationInfo | undefined;
  readonly creationDate: Date;
  /** In the order of the request. */
  readonly documents: OperationDocument[];
  status: OperationStatus;
  /** Only hashes reached the service: nothing is stored. */
  hashesOnly: boolean;
  /** Look-ups by reference do not find it before this time, epoch milliseconds. */
  visibleFrom: number;
  /** Milliseconds, once executed. */
  executionTime?: number;
}

export interface OperationDocument {
  readonly reference: string;
  readonly name: string;
  readonly contentType: string;
  /** An int64 in decimal digits. */
  readonly internalId: string;
  /** Bytes before signing. */
  readonly contentLength: number;
  readonly signatureInfo: WireSignatureInfo;
  signStatus: 'RECEIVED' | 'ERROR_SIGNING' | 'SIGNED';
  signError?: string;
  /** The content to sign; released afterwards. */
  unsigned: Buffer | undefined;
  /** The content as received, kept only if a fault needs it. */
  original?: Buffer;
}
