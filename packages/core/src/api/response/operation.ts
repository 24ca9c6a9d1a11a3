import { ProtocolError } from '../../errors/errors.ts';
import type {
  OperationStatus,
  OperationType,
  SignError,
  SignStatus,
  WireDocument,
  WireIssuerCompany,
  WireOperation,
} from '../wire.ts';
import { parseServiceDate } from './service-date.ts';

/** An operation at the service (API reference, section 6: BaseOperation, SignOperation). */
export interface Operation {
  /** A decimal number of up to 64 bits, as text so that none is rounded. */
  id: string;
  status: OperationStatus;
  type?: OperationType;
  createdAt?: Date;
  issuerClientServiceAlias?: string;
  quota?: Quota;
  /** Milliseconds the service took. */
  executionTime?: number;
  /** In the service's order, which is unknown: find a document by its reference. Empty in a status answer. */
  documents: OperationDocument[];
  /** The answer as it came, signed contents aside: fields unknown to this version are here. */
  raw: Readonly<WireOperation>;
}

/**
 * Signatures of the contract's current period (API reference, section 6: issuerCompany). Absent if the contract has no limit. The
 * service counts once a day, so that the numbers are up to a day old; every signature counts.
 */
export interface Quota {
  limit?: number;
  /** As of the service's last daily count. */
  used?: number;
  periodStart?: Date;
  periodEnd?: Date;
}

/** One document of an operation (API reference, section 6: DocumentResponse). */
export interface OperationDocument<T = unknown> {
  reference: string;
  name?: string;
  contentType?: string;
  status: SignStatus;
  signError?: SignError;
  /** The signed content, if it was requested and stored. */
  content?: T;
  /** Bytes before signing. */
  contentLength?: number;
  receivedAt?: Date;
  storedUntil?: Date;
  raw: Readonly<WireDocument>;
}

/**
 * @param contents - What {@link splitSignedContent} took out of the answer.
 * @throws {@link ProtocolError} if the answer is no operation.
 */
export function parseOperation<T>(json: unknown, what: string, contents: readonly T[] = []): OperationOf<T> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw unexpected(what, 'is not an operation');
  const wire = json as WireOperation;
  const id = operationId(wire.id);
  if (id === undefined) throw unexpected(what, 'has no operation id');
  const documents = wire.documentList ?? [];
  if (!Array.isArray(documents)) throw unexpected(what, 'has a documentList that is not a list', id);
  return {
    id,
    status: typeof wire.status === 'string' ? wire.status : 'UNKNOWN',
    ...given('type', wire.type),
    ...given('createdAt', parseServiceDate(wire.creationDate)),
    ...given('issuerClientServiceAlias', wire.issuerClientServiceAlias ?? undefined),
    ...given('quota', quota(wire.issuerCompany)),
    ...given('executionTime', number(wire.executionTime)),
    documents: documents.map((document) => parseDocument(document, { what, id }, contents)),
    raw: wire,
  };
}

export type OperationOf<T> = Omit<Operation, 'documents'> & { documents: OperationDocument<T>[] };

function parseDocument<T>(
  wire: WireDocument,
  { what, id }: { what: string; id: string },
  contents: readonly T[],
): OperationDocument<T> {
  if (typeof wire?.externalReference !== 'string') throw unexpected(what, 'has a document without its reference', id);
  const { signedContent, ...raw } = wire;
  const content = typeof signedContent === 'number' ? contents[signedContent] : undefined;
  return {
    reference: wire.externalReference,
    ...given('name', wire.name ?? undefined),
    ...given('contentType', wire.contentType ?? undefined),
    status: typeof wire.signStatus === 'string' ? wire.signStatus : 'UNKNOWN',
    ...given('signError', wire.signError ?? undefined),
    ...given('content', content),
    ...given('contentLength', number(wire.contentLength)),
    ...given('receivedAt', parseServiceDate(wire.receptionDate)),
    ...given('storedUntil', parseServiceDate(wire.storageEndDate)),
    raw,
  };
}

/** The bare number of the look-up by reference. */
export function operationId(value: unknown): string | undefined {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  return typeof text === 'string' && /^\d{1,19}$/.test(text) && !/^0+$/.test(text) ? text : undefined;
}

function quota(company: WireIssuerCompany | null | undefined): Quota | undefined {
  if (!company) return undefined;
  const found = {
    ...given('limit', number(company.limitUsageCount)),
    ...given('used', number(company.limitCurrentConsumption)),
    ...given('periodStart', parseServiceDate(company.limitPeriodStartDate)),
    ...given('periodEnd', parseServiceDate(company.limitPeriodEndDate)),
  };
  return Object.keys(found).length > 0 ? found : undefined;
}

const number = (value: unknown) => (typeof value === 'number' ? value : undefined);

const given = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };

/** @param operationId - Known even if the rest of the answer is unusable. */
const unexpected = (what: string, problem: string, operationId?: string) =>
  new ProtocolError('PROTOCOL_UNEXPECTED', `${what}: the answer ${problem}.`, { operationId });
