import { describeError } from '@signstash-connect/core/adapter';
import { isSignStashError } from '@signstash-connect/core/client';
import {
  type IExecuteFunctions,
  type INodeExecutionData,
  type JsonObject,
  NodeApiError,
  NodeOperationError,
} from 'n8n-workflow';
import { isCredentialLabel, naming } from './setting-names.ts';

const retryAdvice = 'Execute the workflow again: documents already signed are retrieved, not signed or charged again.';
/** n8n only says "File not found" if another instance stored the file in its own folder. */
const missingFileAdvice =
  'The binary data is not on this instance. In queue mode, set N8N_DEFAULT_BINARY_DATA_MODE to database or s3 on the main instance and every worker, or mount the same storage folder on all of them.';

/** The error that the editor shows: what happened and, below it, the fix. */
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
    const advice = /^(File not found|ENOENT)/.test(cause.message) ? { description: missingFileAdvice } : {};
    return new NodeOperationError(context.getNode(), cause, { itemIndex, ...advice });
  }
  const { hint: advice, setting, operationId, references = [] } = describeError(problem, { ...naming, retryAdvice });
  const hint = isCredentialLabel(setting) ? `Open the credential and correct ${setting}. ${advice}` : advice;
  const known = [
    ...(operationId === undefined ? [] : [`operation ID: ${operationId}`]),
    ...(references.length > 0 ? [`external reference: ${references.slice(0, 3).join(', ')}`] : []),
  ];
  const { message, name, status } = problem;
  const description = known.length > 0 ? `${hint} (${known.join('; ')})` : hint;
  // Nothing was sent yet.
  if (name === 'ValidationError' || name === 'ConfigurationError') {
    return new NodeOperationError(context.getNode(), message, { description, itemIndex });
  }
  const httpCode = status === undefined ? {} : { httpCode: String(status) };
  const error = problem as unknown as JsonObject;
  return new NodeApiError(context.getNode(), error, { message, description, itemIndex, ...httpCode });
}

/**
 * The output item of a failed document, if the workflow should continue.
 *
 * @param reference - The external reference that was given for the document, if any.
 */
export function failedItem(
  context: IExecuteFunctions,
  problem: unknown,
  itemIndex: number,
  reference?: string,
): INodeExecutionData {
  const { message, description } = nodeError(context, problem, itemIndex);
  const known = isSignStashError(problem) ? problem : undefined;
  const details = {
    code: known?.code ?? null,
    httpCode: known?.status ?? null,
    description: description ?? null,
    externalReference: known?.references?.[0] ?? reference ?? null,
  };
  // n8n sends an item to the error output only if it has no other properties than `error` and `details`.
  const hasErrorOutput = context.getNode().onError === 'continueErrorOutput';
  return {
    json: hasErrorOutput ? { error: message, details } : { error: message, ...details },
    pairedItem: { item: itemIndex },
  };
}
