import type { Operation } from '@signstash-connect/core';
import type { Command } from 'commander';
import type { OpenClient } from './client.ts';
import type { ExitCode } from './exit-codes.ts';
import type { CliIo } from './io.ts';
import { action, type CommandContext } from './run.ts';
import { addConnectionFlags } from './settings.ts';

export interface OperationFlags {
  reference?: boolean;
}

/** A command whose first argument names an operation at the service. */
export function addOperationCommand<Flags extends OperationFlags>(
  program: Command,
  io: CliIo,
  name: string,
  description: string,
  run: (context: CommandContext<Flags>, service: OpenClient, id: string, args: string[]) => Promise<ExitCode>,
): Command {
  const command = program
    .command(name)
    .description(description)
    .argument('<operation>', 'id of the operation, or external reference of one of its documents')
    .option('--reference', 'the argument is an external reference, even if it has digits only');
  return addConnectionFlags(command).action(
    action<Flags>(io, async (context, [operation = '', ...args]) => {
      const { openClient } = await import('./client.ts');
      const service = await openClient(context);
      try {
        return await run(context, service, await findId(context, service, operation), args);
      } finally {
        await service.close();
      }
    }),
  );
}

/** @throws `ServiceRejectedError` `NOT_FOUND` if the service does not know the reference. */
async function findId({ flags, io }: CommandContext<OperationFlags>, { client }: OpenClient, value: string) {
  if (!flags.reference && /^\d+$/.test(value)) return value;
  return (await client.operations.getByReference(value, { signal: io.signal })).id;
}

/** An operation without the answer as it came, which has fields that may change. */
export const withoutRaw = ({ raw: _, documents, ...operation }: Operation) => ({
  ...operation,
  documents: documents.map(({ raw: _, ...document }) => document),
});
