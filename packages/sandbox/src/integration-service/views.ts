import { createHash } from 'node:crypto';
import type { Operation, OperationDocument } from './operation.ts';
import type { Usage } from './usage.ts';

/** Writes digits as a JSON number, whatever their count: an int64 does not fit a JavaScript number. */
const rawJson = (JSON as unknown as { rawJSON(text: string): object }).rawJSON;

export interface ViewContext {
  clientId: string;
  usage: Usage;
}

const storageMonths = 120;

/** `BaseOperation` of the API reference, section 6. */
export function baseOperationView(operation: Operation, { clientId, usage }: ViewContext) {
  return {
    id: operationIdView(operation),
    type: 'SIGN',
    status: operation.status,
    issuerCompany: { name: 'Sandbox Company (not a real one)', vatNumber: '999999990', ...usage.current },
    issuerClientServiceAlias: clientId,
    creationDate: operation.creationDate.toISOString(),
    folderExternalReference: operation.reference,
    signatureQueuePriority: 0,
  };
}

/** `SignOperation`; `contentOf` says what stands for a document's sealed content, undefined leaves it out. */
export function signOperationView(
  operation: Operation,
  context: ViewContext,
  contentOf: (document: OperationDocument) => string | undefined,
) {
  return {
    ...baseOperationView(operation, context),
    folder: { externalReference: operation.reference, description: operation.description },
    documentList: inNoParticularOrder(operation).map((document) =>
      documentView(operation, document, contentOf(document)),
    ),
    deliveryInfo: operation.preservationInfo?.deliveryInfo,
    executionTime: operation.executionTime,
  };
}

export function operationIdView({ id }: Operation): object {
  return rawJson(id);
}

function documentView(
  { origin, creationDate }: Operation,
  document: OperationDocument,
  signedContent: string | undefined,
) {
  const { reference, name, contentType, internalId, signStatus, signError, contentLength, sealedLength } = document;
  const stored = origin === 'saas' && signStatus === 'SIGNED';
  return {
    externalReference: reference,
    name,
    contentType,
    internalId,
    signStatus,
    signError,
    cipherStatus: 'NOT_CIPHERED',
    storageStatus: stored ? 'STORED' : 'NOT_STORED',
    contentLength,
    additionalContentLength: sealedLength === undefined ? undefined : sealedLength - contentLength,
    receptionDate: creationDate.toISOString(),
    storagePeriod: stored ? storageMonths : undefined,
    storageEndDate: stored ? storageEnd(creationDate) : undefined,
    signedContent,
    documentAttributes: [],
  };
}

function storageEnd(from: Date): string {
  const end = new Date(from);
  end.setUTCMonth(end.getUTCMonth() + storageMonths);
  return end.toISOString();
}

/** The real order is not known, so it must not look known: always the same for an operation, never the request's. */
function inNoParticularOrder({ id, documents }: Operation): OperationDocument[] {
  const rank = ({ reference }: OperationDocument) => createHash('sha256').update(`${id} ${reference}`).digest('hex');
  const ranked = documents.map((document) => ({ document, rank: rank(document) }));
  const shuffled = ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1)).map(({ document }) => document);
  return shuffled.every((document, index) => document === documents[index]) ? shuffled.reverse() : shuffled;
}
