import { type ErrorCode, errorCodes, SignStashError } from '@signstash-connect/core/client';
import type { IExecuteFunctions } from 'n8n-workflow';
import { describe, expect, it } from 'vitest';
import { nodeError } from '../nodes/SignStash/helpers/node-error.ts';

/** An error as core would throw it, by its code alone. */
class SomeError extends SignStashError {}

const context = { getNode: () => ({ name: 'Sign', type: 'n8n-nodes-signstash.signStash' }) } as IExecuteFunctions;
const shown = (code: ErrorCode, details = {}) => nodeError(context, new SomeError(code, 'It happened.', details), 3);

/** Codes that only core's file handling raises. */
const elsewhere: ErrorCode[] = [
  'DOCUMENT_CHANGED',
  'DOCUMENT_UNREADABLE',
  'JOURNAL_UNUSABLE',
  'OUTPUT_EXISTS',
  'OUTPUT_FAILED',
  'OUTPUT_PATH_INVALID',
  'REFERENCE_LOCKED',
];
const codes = (Object.keys(errorCodes) as ErrorCode[]).filter((code) => !elsewhere.includes(code));

describe('the error that n8n shows', () => {
  it.each(codes)('advises on %s in terms of n8n', (code) => {
    const { message, description, context: about } = shown(code);
    expect(message).toBe('It happened.');
    expect(description).toMatch(/^[A-Z].{20,}[.]$/);
    expect(description).not.toMatch(/\b[a-z]+[A-Z]|[{}]|journal|environment variable|this process/);
    expect(about.itemIndex).toBe(3);
  });

  it('contains the operation and references to look up', () => {
    const { description } = shown('OUTCOME_UNKNOWN', { operationId: '7', references: ['FT-1', 'FT-2'] });
    expect(description).toMatch(/Execute the workflow again.+\(operation ID: 7; external reference: FT-1, FT-2\)$/);
  });

  it('prefers the advice for this failure over that for its code', () => {
    expect(shown('CONFIGURATION_INVALID', { hint: 'Ask Ana.' }).description).toBe('Ask Ana.');
  });

  it('explains a file that another instance of n8n has stored', () => {
    const { message, description } = nodeError(context, new Error('File not found: /home/node/.n8n/binary/1'), 0);
    expect(message).toContain('File not found');
    expect(description).toContain('N8N_DEFAULT_BINARY_DATA_MODE');
  });

  it('keeps the message of any other error', () => {
    expect(nodeError(context, new Error('out of paper'), 1)).toMatchObject({
      name: 'NodeOperationError',
      message: 'out of paper',
      context: { itemIndex: 1 },
    });
  });
});
