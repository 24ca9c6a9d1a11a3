import type { Operation } from '@signstash-connect/core/client';
import type { IDataObject } from 'n8n-workflow';

/** An operation as an item's JSON: the fields that workflows use, or the service's unchanged answer. */
export function describeOperation(operation: Operation, simplify: boolean): IDataObject {
  if (!simplify) return { ...(operation.raw as unknown as IDataObject), id: operation.id };
  const { id, status, type, createdAt, quota, documents } = operation;
  return withoutUndefined({
    operationId: id,
    status,
    type,
    createdAt: createdAt?.toISOString(),
    signaturesUsed: quota?.used,
    signaturesLimit: quota?.limit,
    documents: documents.length === 0 ? undefined : documents.map(describeDocument),
  });
}

const describeDocument = (document: Operation['documents'][number]): IDataObject =>
  withoutUndefined({
    externalReference: document.reference,
    fileName: document.name,
    contentType: document.contentType,
    documentStatus: document.status,
    signError: document.signError,
    receivedAt: document.receivedAt?.toISOString(),
    storedUntil: document.storedUntil?.toISOString(),
  });

const withoutUndefined = (json: IDataObject): IDataObject =>
  Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined));
