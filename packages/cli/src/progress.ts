import type { BatchProgress } from '@signstash-connect/core';
import type { FileResult } from '@signstash-connect/core/adapter';
import type { SingleBar } from 'cli-progress';
import { oneLine } from './output.ts';
import type { CommandContext } from './run.ts';

/** One line per result, or a progress bar on a terminal, where a table follows. */
export interface Progress {
  result(result: FileResult): void;
  update(progress: BatchProgress): void;
  stop(): void;
}

export async function showProgress({ io, output }: CommandContext): Promise<Progress> {
  const bar = output.isTerminal && io.stderr.isTTY ? await createBar(io.stderr) : undefined;
  let total = 0;
  return {
    result: (result) => {
      if (output.isTerminal) return;
      if (result.status === 'failed') output.problem(line(result));
      else output.line(line(result));
    },
    update: (progress) => {
      if (!bar || !progress.total) return;
      if (total === 0) bar.start(progress.total, progress.done);
      total = progress.total;
      bar.update(progress.done);
    },
    stop: () => bar?.stop(),
  };
}

async function createBar(stream: unknown): Promise<SingleBar> {
  const { default: progress } = await import('cli-progress');
  const format = '{bar} {percentage}% {value} of {total}, {duration_formatted}, {eta_formatted} left';
  const { shades_classic } = progress.Presets;
  return new progress.SingleBar(
    { format, stream: stream as NodeJS.WritableStream, clearOnComplete: true },
    shades_classic,
  );
}

/** One result in plain text. */
export function line({ file, status, output, problem, reason, recovered }: FileResult): string {
  const why = problem ? `: ${problem.detail} ${problem.hint} (${problem.code})` : reason ? `: ${reason}` : '';
  const where = output === undefined ? '' : ` -> ${output}`;
  return oneLine(`${recovered ? 'recovered' : status} ${file}${where}${why}`);
}
