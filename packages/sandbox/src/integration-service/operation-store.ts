import { randomUUID } from 'node:crypto';
import type { ServiceName } from '../endpoints.ts';
import type { ResolvedOptions } from '../options.ts';
import { apiErrors } from '../wire/api-error.ts';
import type { SignRequest } from '../wire/sign-request.ts';
import type { Operation } from './operation.ts';

/** Every operation since the start, by its id and by the references that name it. */
export class OperationStore {
  readonly #duplicates: ResolvedOptions['duplicateReferences'];
  readonly #firstId: bigint;
  readonly #byId = new Map<string, Operation>();
  readonly #byRequestReference = new Map<string, Operation>();
  /** The latest operation that holds the document. */
  readonly #byDocumentReference = new Map<string, Operation>();

  constructor({ duplicateReferences, firstOperationId }: ResolvedOptions) {
    this.#duplicates = duplicateReferences;
    this.#firstId = BigInt(firstOperationId);
  }

  /** Registers a request under its references; throws the API's error where they are taken. */
  register(request: SignRequest, origin: ServiceName): Operation {
    this.#refuseRepeatsWithin(request);
    if (this.#duplicates === 'refuse') this.#refuseKnown(request);
    const operation: Operation = {
      id: String(this.#firstId + BigInt(this.#byId.size)),
      origin,
      reference: request.externalReference,
      description: request.description,
      preservationInfo: request.preservationInfo,
      creationDate: new Date(),
      status: 'PENDING_EXECUTION',
      documents: request.documents.map(({ documentRequest, signatureInfo, content }) => ({
        reference: documentRequest.externalReference,
        name: documentRequest.name,
        contentType: documentRequest.contentType,
        internalId: randomUUID(),
        contentLength: content.length,
        signatureInfo,
        signStatus: 'RECEIVED',
        unsealed: content,
      })),
    };
    this.#byId.set(operation.id, operation);
    this.#byRequestReference.set(operation.reference, operation);
    for (const { reference } of operation.documents) this.#byDocumentReference.set(reference, operation);
    return operation;
  }

  get(id: string): Operation {
    const operation = this.#byId.get(id);
    if (!operation) throw apiErrors.operationNotFound(id);
    return operation;
  }

  withDocument(reference: string): Operation {
    const operation = this.#byDocumentReference.get(reference);
    if (!operation) throw apiErrors.referenceNotFound(reference);
    return operation;
  }

  forgetAll(): void {
    this.#byId.clear();
    this.#byRequestReference.clear();
    this.#byDocumentReference.clear();
  }

  #refuseRepeatsWithin({ documents }: SignRequest): void {
    const seen = new Set<string>();
    for (const { documentRequest } of documents) {
      if (seen.has(documentRequest.externalReference)) throw apiErrors.duplicate(documentRequest.externalReference);
      seen.add(documentRequest.externalReference);
    }
  }

  #refuseKnown({ externalReference, documents }: SignRequest): void {
    if (this.#byRequestReference.has(externalReference)) throw apiErrors.duplicate(externalReference);
    for (const { documentRequest } of documents) {
      if (this.#isTaken(documentRequest.externalReference))
        throw apiErrors.duplicate(documentRequest.externalReference);
    }
  }

  /** A document that could not be sealed may be sent again under its reference. */
  #isTaken(reference: string): boolean {
    const earlier = this.#byDocumentReference
      .get(reference)
      ?.documents.find((document) => document.reference === reference);
    return earlier !== undefined && earlier.signStatus !== 'ERROR_SIGNING';
  }
}
