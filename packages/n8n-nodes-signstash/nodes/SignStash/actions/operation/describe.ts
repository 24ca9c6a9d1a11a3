import type { Operation, OperationDocument } from '@signstash-connect/core/client';
import type { IDataObject } from 'n8n-workflow';

/** An operation as an item's JSON: the fields that workflows ask for, or the service's answer as it came. */
export function describeOperation(operation: Operation, simplify: boolean): IDataObject {
  if (!simplify) return { ...(operation.raw as unknown as IDataObject), id: operation.id };
  const { id, status, type, createdAt, quota, documents } = operation;
  return {
    operationId: id,
    status,
    ...given('type', type),
    ...given('createdAt', createdAt?.toISOString()),
    ...given('signaturesUsed', quota?.used),
    ...given('signaturesLimit', quota?.limit),
    ...(documents.length > 0 ? { documents: documents.map(describeDocument) } : {}),
  };
}

export function describeDocument(document: OperationDocument): IDataObject {
  const { reference, name, contentType, status, signError, receivedAt, storedUntil } = document;
  return {
    externalReference: reference,
    ...given('fileName', name),
    ...given('contentType', contentType),
    documentStatus: status,
    ...given('signError', signError),
    ...given('receivedAt', receivedAt?.toISOString()),
    ...given('storedUntil', storedUntil?.toISOString()),
  };
}

const given = (key: string, value: string | number | undefined): IDataObject =>
  value === undefined ? {} : { [key]: value };
