import { type ErrorCode, errorCodes, isSignStashError, type SignStashError } from '@signstash-connect/core/client';
import {
  type IExecuteFunctions,
  type INodeExecutionData,
  type JsonObject,
  NodeApiError,
  NodeOperationError,
} from 'n8n-workflow';

/** What the editor shows: what happened, and below it what to do next. */
export function nodeError(
  context: IExecuteFunctions,
  problem: unknown,
  itemIndex: number,
): NodeApiError | NodeOperationError {
  if (problem instanceof NodeApiError || problem instanceof NodeOperationError) {
    problem.context.itemIndex ??= itemIndex;
    return problem;
  }
  if (!isSignStashError(problem)) {
    const cause = problem instanceof Error ? problem : new Error(String(problem));
    return new NodeOperationError(context.getNode(), cause, { itemIndex });
  }
  const { message } = problem;
  const description = remedy(problem);
  if (beforeAnyRequest(problem)) {
    return new NodeOperationError(context.getNode(), message, { description, itemIndex });
  }
  const httpCode = problem.status === undefined ? undefined : String(problem.status);
  return new NodeApiError(context.getNode(), problem as unknown as JsonObject, {
    message,
    description,
    itemIndex,
    ...(httpCode ? { httpCode } : {}),
  });
}

/**
 * The item that takes the place of a failed one, where the workflow shall go on.
 *
 * @param reference - The external reference that the document was to get, where one was given.
 */
export function failedItem(
  context: IExecuteFunctions,
  problem: unknown,
  itemIndex: number,
  reference?: string,
): INodeExecutionData {
  const { message, description } = nodeError(context, problem, itemIndex);
  const known = isSignStashError(problem) ? problem : undefined;
  const facts = {
    code: known?.code ?? null,
    httpCode: known?.status ?? null,
    description: description ?? null,
    externalReference: known?.references?.[0] ?? reference ?? null,
  };
  // n8n knows an item for the error output by its having no other properties than `error` and `details`.
  const hasErrorOutput = context.getNode().onError === 'continueErrorOutput';
  return {
    json: hasErrorOutput ? { error: message, details: facts } : { error: message, ...facts },
    pairedItem: { item: itemIndex },
  };
}

const beforeAnyRequest = ({ name }: SignStashError) => name === 'ValidationError' || name === 'ConfigurationError';

/** Core's hint, in n8n's words where a workflow's user has other means than a program's author. */
function remedy({ code, hint, operationId, references }: SignStashError): string {
  const known = [
    ...(operationId === undefined ? [] : [`operation ID: ${operationId}`]),
    ...(references?.length ? [`external reference: ${references.slice(0, 3).join(', ')}`] : []),
  ];
  const advice = hint === errorCodes[code].hint ? (ownWords[code] ?? hint) : hint;
  return known.length > 0 ? `${advice} (${known.join('; ')})` : advice;
}

const again = 'Execute the workflow again: what is sealed by then is fetched, not sealed and paid for again.';

const ownWords: Partial<Record<ErrorCode, string>> = {
  CONFIGURATION_INVALID: 'Open the credential and correct the named field.',
  CONFIGURATION_MISSING: 'Open the credential and fill in the named field.',
  INSECURE_URL: 'Use https, or turn on Allow Plain HTTP in the credential if this address is inside your own network.',
  TOO_MANY_DOCUMENTS: 'Lower the option Batch Size.',
  REQUEST_TOO_LARGE: 'Lower the options Batch Size and Batch Size (MB).',
  PAYLOAD_TOO_LARGE: 'The service takes no request of this size: lower the options Batch Size and Batch Size (MB).',
  DOCUMENT_TOO_LARGE: 'Make the document smaller or raise the option Max File Size.',
  DUPLICATE_REFERENCE:
    'Give each document an external reference of its own, for example by an expression with the invoice number.',
  TEMPLATE_MISSING: 'Fill in Seal Text, or let the service use its own template.',
  PLACEMENT_INVALID: 'Correct the position of the visible seal.',
  LOOKUP_FAILED:
    'Nothing was sent: the service could not say whether an earlier execution signed the document. Execute the workflow again later.',
  DOCUMENT_FAILED:
    'The service could not sign this document, for the reason it gives. To sign it again, give it a new external reference.',
  DOCUMENT_PENDING: `The service has the document but has not sealed it yet. ${again} Raise the option Wait for Execution to wait longer.`,
  CONTENT_UNAVAILABLE:
    'The document was sealed, and counted, but the service does not keep its content: use the copy of the earlier execution, or seal again under a new external reference.',
  CONTENT_NOT_VALID:
    'The document was signed, and counted, but the returned content failed the check: do not use it. Download the documents of the operation again, or ask the operator.',
  SERVICE_FAILED: `The service could not answer. ${again}`,
  NETWORK_INTERRUPTED: `The connection broke. ${again}`,
  TIMEOUT: `There was no answer in time. ${again} If this happens often, raise the option Timeout or lower Batch Size.`,
  PROTOCOL_TRUNCATED: `The answer ended early. ${again}`,
  OUTCOME_UNKNOWN: `Whether the named documents were sealed could not be found out. ${again}`,
};
