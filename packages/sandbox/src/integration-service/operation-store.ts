import type { ServiceName } from '../endpoints.ts';
import type { ResolvedOptions } from '../options.ts';
import { apiErrors } from '../wire/api-error.ts';
import type { SignRequest } from '../wire/sign-request.ts';
import type { Operation } from './operation.ts';

/** Beyond 32 bits, as the real ones. */
const firstInternalId = 9_031_124_501n;

/** Every operation since the start, by its id and by the references that name it. */
export class OperationStore {
  readonly #duplicates: ResolvedOptions['duplicateReferences'];
  readonly #firstId: bigint;
  #documents = 0n;
  readonly #byId = new Map<string, Operation>();
  readonly #byRequestReference = new Map<string, Operation>();
  /** The latest operation that holds the document. */
  readonly #byDocumentReference = new Map<string, Operation>();

  constructor({ duplicateReferences, firstOperationId }: ResolvedOptions) {
    this.#duplicates = duplicateReferences;
    this.#firstId = BigInt(firstOperationId);
  }

  /** Registers a request under its references; throws the API's error if one of them exists. */
  register(request: SignRequest, origin: ServiceName): Operation {
    this.#refuseRepeatsWithin(request);
    if (this.#duplicates !== 'sign-again') this.#refuseKnown(request);
    const operation: Operation = {
      id: String(this.#firstId + BigInt(this.#byId.size)),
      origin,
      reference: request.externalReference,
      description: request.description,
      preservationInfo: request.preservationInfo,
      creationDate: new Date(),
      status: 'PENDING_EXECUTION',
      hashesOnly: origin === 'proxy',
      visibleFrom: 0,
      documents: request.documents.map(({ documentRequest, signatureInfo, content }) => ({
        reference: documentRequest.externalReference,
        name: documentRequest.name,
        contentType: documentRequest.contentType,
        internalId: String(firstInternalId + this.#documents++),
        contentLength: content.length,
        signatureInfo,
        signStatus: 'RECEIVED',
        unsigned: content,
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

  /** The latest operation that holds the document, as far as look-ups see it. */
  findByDocument(reference: string): Operation | undefined {
    const operation = this.#byDocumentReference.get(reference);
    return operation && operation.visibleFrom <= Date.now() ? operation : undefined;
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

  #isTaken(reference: string): boolean {
    const operation = this.#byDocumentReference.get(reference);
    if (!operation || this.#duplicates === 'refuse') return operation !== undefined;
    const earlier = operation.documents.find((document) => document.reference === reference);
    return earlier?.signStatus !== 'ERROR_SIGNING';
  }
}
