import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import type { CliIo } from '../io.ts';
import { addOperationCommand, type OperationFlags } from '../operation.ts';

export function addResendCommand(program: Command, io: CliIo): void {
  addOperationCommand<OperationFlags & { attach?: boolean }>(
    program,
    io,
    'resend',
    'Send the delivery e-mails of an operation again',
    async ({ flags, output }, { client }, id, receivers) => {
      await client.operations.resendEmails(id, receivers, {
        signal: io.signal,
        attachDocuments: flags.attach === true,
      });
      output.result({ type: 'resent', id, receivers }, `Operation ${id}: the e-mails are sent again.`);
      return exitCodes.ok;
    },
  )
    .argument('<emails...>', 'receivers')
    .option('--attach', 'attach the documents instead of a link')
    .addHelpText(
      'after',
      `
Examples:
  $ signstash resend 1000001 billing@example.com
  $ signstash resend 1000001 a@example.com b@example.com --attach`,
    );
}
