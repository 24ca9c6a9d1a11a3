import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import type { CliIo } from '../io.ts';
import { addOperationCommand, withoutRaw } from '../operation.ts';

export function addGetCommand(program: Command, io: CliIo): void {
  addOperationCommand(program, io, 'get', 'Show an operation and its documents', async ({ output }, { client }, id) => {
    const operation = await client.operations.get(id, { signal: io.signal });
    output.object({ type: 'operation', operation: withoutRaw(operation) });
    output.line(
      `Operation ${operation.id}: ${operation.status}${operation.createdAt ? `, ${operation.createdAt.toISOString()}` : ''}`,
    );
    output.table(
      ['Document', 'Status', 'Error', 'Reference'],
      operation.documents.map(({ name = '', status, signError = '', reference }) => [
        name,
        status,
        signError,
        reference,
      ]),
    );
    return exitCodes.ok;
  }).addHelpText(
    'after',
    `
Examples:
  $ signstash get 1000001
  $ signstash get PRT.999999990-0123456789abcdef --json`,
  );
}
