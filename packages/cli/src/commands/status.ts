import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import type { CliIo } from '../io.ts';
import { addOperationCommand } from '../operation.ts';

export function addStatusCommand(program: Command, io: CliIo): void {
  addOperationCommand(
    program,
    io,
    'status',
    'Show the status of an operation',
    async ({ output }, { client }, found) => {
      const { id, status, executionTime } = await client.operations.getStatus(found, { signal: io.signal });
      output.result({ type: 'status', id, status, executionTime }, `Operation ${id}: ${status}`);
      return exitCodes.ok;
    },
  ).addHelpText(
    'after',
    `
Examples:
  $ signstash status 1000001
  $ signstash status 1000001 --json | jq -r .status`,
  );
}
