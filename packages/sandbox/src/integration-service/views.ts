import { createHash } from 'node:crypto';
import type { FaultQueue, FaultTarget } from '../faults/fault-queue.ts';
import type { ServiceDates } from '../wire/service-dates.ts';
import { documentAttributes } from './document-attributes.ts';
import type { Operation, OperationDocument } from './operation.ts';
import type { Usage } from './usage.ts';

/** Writes digits as a JSON number of any length: an int64 does not fit a JavaScript number. */
const rawJson = (JSON as unknown as { rawJSON(text: string): object }).rawJSON;

export interface ViewContext {
  clientId: string;
  usage: Usage;
  dates: ServiceDates;
  faults: FaultQueue;
}

const storageMonths = 120;
const companyCreated = new Date(Date.UTC(2024, 10, 4, 9, 12, 44));

/** `BaseOperation` of the schema. */
export function baseOperationView(operation: Operation, context: ViewContext) {
  const { clientId, dates } = context;
  const windowDate = (hours: number, minutes: number, seconds: number) =>
    dates.ofOperation(new Date(Date.UTC(2020, 0, 1, hours, minutes, seconds)));
  return {
    id: operationIdView(operation),
    type: 'SIGN',
    status: operation.status,
    issuerCompany: companyView(context),
    issuerClientServiceAlias: clientId,
    creationDate: dates.ofOperation(operation.creationDate),
    folderExternalReference: operation.reference,
    signatureQueuePriority: {
      id: 1,
      name: 'DEFAULT',
      startTime: windowDate(0, 0, 0),
      endTime: windowDate(23, 59, 59),
      defaultPriority: true,
    },
  };
}

function companyView({ usage, dates }: ViewContext) {
  const { limitUsageCount, limitCurrentConsumption, limitPeriodStartDate, limitPeriodEndDate } = usage.current;
  const hasLimit = limitUsageCount !== null;
  const ifLimited = <T>(value: T) => (hasLimit ? value : null);
  return {
    name: 'Sandbox Company (not a real one)',
    vatNumber: '999999990',
    countryCode: 'PRT',
    i18nCode: 'pt_PT',
    invoiceAddress: null,
    additionalInfo: null,
    status: 'ACTIVE',
    email: 'sandbox@example.com',
    creationDate: dates.ofDocument(companyCreated),
    auditLogsActive: false,
    limitPeriodStartDate: ifLimited(dates.ofOperation(new Date(limitPeriodStartDate))),
    limitPeriodEndDate: ifLimited(dates.ofOperation(new Date(limitPeriodEndDate))),
    limitUsageCount,
    limitCurrentConsumption: ifLimited(limitCurrentConsumption),
    limitCurrentConsumptionLastModifiedDate: ifLimited(dates.ofOperation(new Date())),
    notifyExpiredLimit: hasLimit,
  };
}

/** `SignOperation`; `contentOf` says what represents a document's signed content, undefined leaves it out. */
export function signOperationView(
  operation: Operation,
  context: ViewContext,
  target: FaultTarget,
  contentOf: (document: OperationDocument) => string | undefined,
) {
  const { deliveryInfo } = operation.preservationInfo ?? {};
  return {
    ...baseOperationView(operation, context),
    folder: {
      folderId: operation.id,
      externalReference: operation.reference,
      description: operation.description,
      folderContent: operation.hashesOnly ? 'HASH' : 'DOCUMENT',
    },
    ...documentListView(operation, context, target, contentOf),
    deliveryInfo: deliveryInfo
      ? {
          attachDocuments: deliveryInfo.attachDocuments ?? false,
          personReceiver: deliveryInfo.personReceiver.map(({ email }) => ({ email, deliveryStatus: 'PENDING' })),
        }
      : null,
    executionTime: operation.executionTime ?? null,
  };
}

export function operationIdView({ id }: Operation): object {
  return rawJson(id);
}

function documentListView(
  operation: Operation,
  context: ViewContext,
  target: FaultTarget,
  contentOf: (document: OperationDocument) => string | undefined,
): { documentList?: object[] | null } {
  const { faults } = context;
  const missing = faults.takeKind(target, 'no-document-list');
  if (missing) {
    if (missing.value === 'missing') return {};
    return { documentList: missing.value === 'empty' ? [] : null };
  }
  const documentList = shuffled(operation)
    .filter(({ reference }) => !faults.takeForDocument(target, 'unlisted-document', reference))
    .flatMap((document) => {
      const entry = documentView(operation, document, context, contentOf(document));
      const isDoubled = faults.takeForDocument(target, 'duplicate-entry', document.reference);
      return isDoubled ? [{ ...entry, signStatus: 'RECEIVED', signedContent: null }, entry] : [entry];
    });
  return { documentList };
}

function documentView(
  { hashesOnly, creationDate, preservationInfo }: Operation,
  document: OperationDocument,
  { dates }: ViewContext,
  signedContent: string | undefined,
) {
  const { reference, name, contentType, internalId, signStatus, signError, contentLength } = document;
  const isStored = !hashesOnly && signStatus === 'SIGNED';
  const storedAs = preservationInfo?.preserveContent ? 'CONTENT_PRESERVED' : 'CONTENT_STORED';
  return {
    externalReference: reference,
    name,
    contentType,
    internalId: rawJson(internalId),
    signStatus,
    signError: signError ?? null,
    cipherStatus: isStored ? 'NO_CIPHER' : 'PENDING',
    storageStatus: isStored ? storedAs : 'CONTENT_NOT_STORED',
    contentLength,
    additionalContentLength: 0,
    receptionDate: dates.ofDocument(creationDate),
    storagePeriod: isStored ? storageMonths : null,
    storageEndDate: isStored ? dates.ofDocument(storageEnd(creationDate)) : null,
    signedContent: signedContent ?? null,
    documentAttributes: documentAttributes(document.signatureInfo),
  };
}

function storageEnd(from: Date): Date {
  const end = new Date(from);
  end.setUTCMonth(end.getUTCMonth() + storageMonths);
  return end;
}

/** The real order is unknown, so clients must not rely on it: always the same for an operation, never the request's. */
function shuffled({ id, documents }: Operation): OperationDocument[] {
  const rank = ({ reference }: OperationDocument) => createHash('sha256').update(`${id} ${reference}`).digest('hex');
  const ranked = documents.map((document) => ({ document, rank: rank(document) }));
  const order = ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1)).map(({ document }) => document);
  return order.every((document, index) => document === documents[index]) ? order.reverse() : order;
}
