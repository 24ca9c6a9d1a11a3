import type { Command } from 'commander';
import type { DoctorFlags } from '../doctor.ts';
import type { CliIo } from '../io.ts';
import { action } from '../run.ts';
import { addConnectionFlags } from '../settings.ts';

export function addDoctorCommand(program: Command, io: CliIo): void {
  const command = program
    .command('doctor')
    .description('Check settings, DNS, TLS, token, API, clock and quota; sign nothing')
    .option('--reference <reference>', 'external reference of a document signed lately, for the quota')
    .option('--contract <url>', 'compare the OpenAPI definition at this address with the one that is assumed');
  addConnectionFlags(command)
    .addHelpText(
      'after',
      `
Examples:
  $ signstash doctor
  $ signstash doctor --sandbox --json
  $ signstash doctor --contract http://proxy.intranet:8080/signstash/einvoice-integration-client-ws/v3/api-docs`,
    )
    .action(action<DoctorFlags>(io, async (context) => (await import('../doctor.ts')).doctor(context)));
}
