import type { Command } from 'commander';
import { exitCodes, UsageError } from '../exit-codes.ts';
import type { CliIo } from '../io.ts';
import { addOperationCommand, type OperationFlags } from '../operation.ts';

export function addResendCommand(program: Command, io: CliIo): void {
  addOperationCommand<OperationFlags & { attach?: boolean }>(
    program,
    io,
    'resend',
    'Send the delivery e-mails of an operation again',
    async ({ flags, output }, { client }, id, receivers) => {
      const options = { signal: io.signal, attachDocuments: flags.attach === true };
      try {
        await client.operations.resendEmails(id, receivers, options);
      } catch (error) {
        // The receivers are arguments here, not the setting that core's error names. They were checked before sending.
        const { code, message } = error as { code?: string; message: string };
        if (code === 'RECEIVER_INVALID') throw new UsageError(message);
        throw error;
      }
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
