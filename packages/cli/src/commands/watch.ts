import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { openClient } from '../client.ts';
import { exitCodes } from '../exit-codes.ts';
import { given } from '../files.ts';
import type { CliIo } from '../io.ts';
import { openReferenceLock } from '../lock.ts';
import type { Output } from '../output.ts';
import { action, type CommandContext } from '../run.ts';
import { addSigningFlags, wholeNumber } from '../settings.ts';
import { createVerification } from '../verifier.ts';
import { retryFailed } from '../watch/file-results.ts';
import { createFolders, resolveFolders } from '../watch/folders.ts';
import { startHealthServer } from '../watch/health-server.ts';
import type { FileReferences, WatchEvent, WatchStatus } from '../watch/options.ts';
import { watchFolder } from '../watch/watch-folder.ts';

interface WatchFlags {
  keepOriginals?: boolean;
  polling?: boolean;
  retryFailed?: boolean;
  healthPort?: number;
  healthHost?: string;
  quotaWarning: number;
  batchSize?: number;
  concurrency?: number;
}

export function addWatchCommand(program: Command, io: CliIo): void {
  const command = program
    .command('watch')
    .description('Sign every file that arrives in a folder, until it is interrupted')
    .argument('<folder>', 'has in/, signed/, processed/ and failed/, which are created')
    .option('--keep-originals', 'leave originals in in/ instead of moving them to processed/')
    .option('--polling', 'look for files every second, for network shares that report no changes')
    .option('--retry-failed', 'first move the files of failed/ back to in/')
    .option('--quota-warning <percent>', 'warn once this share of the quota is used', wholeNumber(1, 100), 90)
    .option('--health-port <port>', 'serve /live, /ready and /metrics', wholeNumber(0, 65_535))
    .option('--health-host <host>', 'address for --health-port (default: all addresses)')
    .option('--batch-size <count>', 'documents per request', wholeNumber(1, 99))
    .option('--concurrency <count>', 'requests at the same time', wholeNumber(1, 64));
  addSigningFlags(command)
    .addHelpText(
      'after',
      `
A file signstash.profile.json in in/ or below it sets signature options and the reference pattern for its folder:
  { "reason": "Invoice", "deliveryEmails": ["client@example.com"], "reference": "{client}-{atcud}" }

Examples:
  $ signstash watch invoices --sandbox
  $ signstash watch /srv/invoices --health-port 8080 --json
  $ signstash watch /mnt/share/invoices --polling --lock redis://localhost:6379
  $ signstash watch /srv/invoices --retry-failed`,
    )
    .action(action<WatchFlags>(io, watch));
}

async function watch(context: CommandContext<WatchFlags>, [folder = '.']: string[]) {
  const { io, flags, settings, output } = context;
  const root = resolve(io.cwd, folder);
  const folders = resolveFolders(root);
  const sign = await settings.signOptions();
  const { contentCheck, verify } = await createVerification(settings, io.signal);
  const service = await openClient(context, { contentCheck });
  const lock = await openReferenceLock(settings, io);
  const parseReference = (pattern: string): FileReferences => {
    const { resolve: resolvePattern, has } = settings.parseReferencePattern(pattern);
    return {
      resolve: (file) => resolvePattern({ ...file, clientId: service.clientId }),
      anyRendering: has('atcud'),
    };
  };
  try {
    const pattern = settings.text('referencePattern');
    const reference = pattern === '' ? undefined : parseReference(pattern);
    await createFolders(folders);
    if (flags.retryFailed) await moveBack(folders, output);
    const watcher = watchFolder({
      ...given({
        keepOriginals: flags.keepOriginals,
        polling: flags.polling,
        batchSize: flags.batchSize,
        concurrency: flags.concurrency,
        lock: lock?.lock,
        reference,
        verify,
      }),
      client: service.client,
      clientId: service.clientId,
      viaProxy: service.proxyUrl !== undefined,
      folder: root,
      sign,
      parseReference,
      quotaWarning: flags.quotaWarning / 100,
      onEvent: (event) => report(event, output),
    });
    const health = await startHealth(flags, watcher.status).catch(async (error: unknown) => {
      await watcher.close();
      throw error;
    });
    try {
      await watcher.ready;
      const address = health ? { healthPort: health.port } : {};
      output.result({ type: 'watching', folder: folders.in, ...address }, `Watching ${folders.in}.`);
      if (!io.signal.aborted) await once(io.signal, 'abort');
      output.line('Closing: requests in progress are finished, other files stay in the input folder.');
    } finally {
      await watcher.close();
      await health?.close();
    }
    const { signed, failed, queued, held } = watcher.status();
    output.result(
      { type: 'closed', signed, failed, queued: queued + held },
      `${signed} signed, ${failed} failed, ${queued + held} left in the input folder.`,
    );
    return exitCodes.ok;
  } finally {
    await lock?.close();
    await service.close();
  }
}

const startHealth = ({ healthPort: port, healthHost: host }: WatchFlags, status: () => WatchStatus) =>
  port === undefined ? Promise.resolve(undefined) : startHealthServer({ port, host, status });

async function moveBack(folders: ReturnType<typeof resolveFolders>, output: Output): Promise<void> {
  const { moved, blocked } = await retryFailed(folders);
  output.result({ type: 'retry-failed', moved, blocked }, `${moved.length} failed files moved back to ${folders.in}.`);
  for (const name of blocked)
    output.warn(`${name} stays in ${folders.failed}: the input folder has a file of this name.`);
}

const seconds = (milliseconds: number) => `${Math.round(milliseconds / 100) / 10} s`;

/** One object or one line per event. */
function report(event: WatchEvent, output: Output): void {
  output.object(event);
  const [kind, line] = describe(event);
  output[kind](line);
}

function describe(event: WatchEvent): ['line' | 'warn' | 'problem', string] {
  switch (event.type) {
    case 'signed':
      return ['line', `${event.file}: ${event.recovered ? 'recovered' : 'signed'} as ${event.output}`];
    case 'failed':
      return ['problem', `${event.file}: ${text(event.problem)} Moved to ${event.movedTo}.`];
    case 'retry':
      return ['warn', `${event.file}: ${text(event.problem)} Attempt ${event.attempt} in ${seconds(event.inMs)}.`];
    case 'paused': {
      const { inMs, problem } = event;
      const why = `${text(problem)} Files stay in the input folder.`;
      if (inMs === undefined)
        return ['problem', `Stopped signing: ${why} Correct the cause, then restart signstash watch.`];
      return ['problem', `Paused: ${why} Next attempt in ${seconds(inMs)}.`];
    }
    case 'resumed':
      return ['line', 'Trying again.'];
    case 'profile-invalid':
      return ['problem', text(event.problem)];
    case 'quota': {
      const share = `${event.used} of ${event.limit} signatures of the quota are used`;
      return ['warn', `${share}: ask your Sign'Stash operator to raise it in time.`];
    }
    case 'warning':
      return ['warn', event.message];
  }
}

const text = ({ detail, hint, code }: { detail: string; hint: string; code: string }) => `${detail} ${hint} (${code})`;
