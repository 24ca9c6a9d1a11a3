import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import type { CliIo } from '../io.ts';
import { addOperationCommand, type OperationFlags } from '../operation.ts';
import { wholeNumber } from '../settings.ts';

export function addQuotaCommand(program: Command, io: CliIo): void {
  addOperationCommand<OperationFlags & { warnAt: number }>(
    program,
    io,
    'quota',
    'Show how much of the quota is used, as an operation signed lately reports it',
    async ({ flags, output }, { client }, operation) => {
      const { quota } = await client.operations.get(operation, { signal: io.signal });
      const { limit, used } = quota ?? {};
      if (limit === undefined || used === undefined) {
        output.result(
          { type: 'quota', limit: null },
          'The service reports no quota: the contract has no limit, or does not show it.',
        );
        return exitCodes.ok;
      }
      const percent = limit === 0 ? 100 : Math.floor((used / limit) * 100);
      const end = quota?.periodEnd ? ` until ${quota.periodEnd.toISOString().slice(0, 10)}` : '';
      output.result(
        { type: 'quota', ...quota, percent },
        `${used} of ${limit} signatures used (${percent} %)${end}. The service counts once a day.`,
      );
      if (percent < flags.warnAt) return exitCodes.ok;
      output.problem(`${percent} % of the quota is used. Ask your Sign'Stash operator to raise it.`);
      return exitCodes.failed;
    },
  )
    .option('--warn-at <percent>', 'exit with 1 from this use on', wholeNumber(1, 100), 100)
    .addHelpText(
      'after',
      `
Examples:
  $ signstash quota 1000001
  $ signstash quota 1000001 --warn-at 80 --quiet || mail -s "Quota" ops@example.com`,
    );
}
