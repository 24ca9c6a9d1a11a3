import type { ServiceName } from '../endpoints.ts';
import type { WireSignatureInfo } from '../sealer.ts';
import type { PreservationInfo } from '../wire/sign-request.ts';

export type OperationStatus = 'PENDING_EXECUTION' | 'EXECUTED' | 'EXECUTION_ERROR' | 'EXECUTION_FAILED';

/** One sign request, from the moment it is registered. */
export interface Operation {
  /** An int64 in decimal digits. */
  readonly id: string;
  /** Which service took the request; what the proxy took is never stored. */
  readonly origin: ServiceName;
  readonly reference: string;
  readonly description: string | undefined;
  readonly preservationInfo: PreservationInfo | undefined;
  readonly creationDate: Date;
  /** In the order of the request. */
  readonly documents: OperationDocument[];
  status: OperationStatus;
  /** Milliseconds, once executed. */
  executionTime?: number;
}

export interface OperationDocument {
  readonly reference: string;
  readonly name: string;
  readonly contentType: string;
  readonly internalId: string;
  /** Bytes before sealing. */
  readonly contentLength: number;
  readonly signatureInfo: WireSignatureInfo;
  signStatus: 'RECEIVED' | 'ERROR_SIGNING' | 'SIGNED';
  signError?: string;
  /** Bytes after sealing. */
  sealedLength?: number;
  /** What is to be sealed; let go of afterwards. */
  unsealed: Buffer | undefined;
}
