import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import type { CliIo } from '../io.ts';
import { action } from '../run.ts';
import { wholeNumber } from '../settings.ts';

export function addSandboxCommand(program: Command, io: CliIo): void {
  program
    .command('sandbox')
    .description("Run a local Sign'Stash, whose seals have no legal value, until it is interrupted")
    .option('--port <port>', 'port to listen on; 0 takes any free one', wholeNumber(0, 65_535), 8700)
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--state <folder>', 'where the certificate authority is kept')
    .addHelpText(
      'after',
      `
Examples:
  $ signstash sandbox
  $ signstash sandbox --port 0 --json

The command signstash-sandbox of @signstash-connect/sandbox has more options.`,
    )
    .action(
      action<{ port: number; host: string; state?: string }>(io, async ({ flags, output }) => {
        const { banner, documentedCredentials, machineReadable, startSandbox } = await import(
          '@signstash-connect/sandbox'
        );
        const state = flags.state === undefined ? {} : { stateDirectory: resolve(io.cwd, flags.state) };
        const { port, host } = flags;
        const sandbox = await startSandbox({ ...documentedCredentials, port, host, ...state });
        output.result(JSON.parse(machineReadable(sandbox)) as object, banner(sandbox));
        if (!io.signal.aborted) await once(io.signal, 'abort');
        await sandbox.close();
        return exitCodes.ok;
      }),
    );
}
