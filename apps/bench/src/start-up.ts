import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type Contender, interleave, type Measured } from './interleave.ts';
import { percent, ratio } from './statistics.ts';
import type { Goal, Result } from './tables.ts';

const built = (path: string) =>
  pathToFileURL(fileURLToPath(new URL(`../../../packages/${path}`, import.meta.url))).href;

/** What is started, and how much longer than an empty program it may take. */
const programs: { name: string; module?: string; goal?: number }[] = [
  { name: 'bare node' },
  { name: "import '@signstash-connect/core'", module: built('core/dist/index.js'), goal: 1.6 },
  { name: "import '@signstash-connect/core/client'", module: built('core/dist/client.js') },
  { name: "import '@signstash-connect/core/adapter'", module: built('core/dist/adapter.js') },
  { name: "import '@signstash-connect/express'", module: built('express/dist/index.js') },
  { name: "import '@signstash-connect/verify'", module: built('verify/dist/index.js') },
  {
    name: 'the GitHub Action without inputs, up to its error',
    module: built('github-action/dist/index.js'),
    goal: 1.7,
  },
];

/** Time and processor time from the start of a process to its end, for the built packages. */
export async function startUp(work: string, { runs }: { runs: number }): Promise<Result> {
  const contenders = programs.map(({ name, module }, index): Contender => {
    const program = join(work, `start-${index}.mjs`);
    writeFileSync(program, module === undefined ? '' : `import ${JSON.stringify(module)};\n`);
    return { name, run: () => run(program) };
  });
  const stats = await interleave(contenders, runs);
  const [bare] = stats.values();
  if (!bare) throw new RangeError('Nothing was started.');
  const measured = [...stats].map(([name, own]) => ({
    name,
    own,
    time: own.ms / bare.ms,
    cpu: own.cpuMs / bare.cpuMs,
  }));
  return {
    table: {
      title: 'Start-up',
      columns: ['program', 'time, bare node = 1', 'spread', 'CPU, bare node = 1'],
      rows: measured.map(({ name, own, time, cpu }) => [name, ratio(time), `± ${percent(own.spread)}`, ratio(cpu)]),
      notes: [`Processes that load the built package and end; medians of ${runs} interleaved runs.`],
    },
    goals: measured.flatMap(({ name, time }): Goal[] => {
      const goal = programs.find((program) => program.name === name)?.goal;
      return goal === undefined
        ? []
        : [{ goal: `${name}: time of bare node ≤ ${ratio(goal)}`, measured: ratio(time), met: time <= goal }];
    }),
  };
}

/** Prints the processor time of a process when it exits, with any exit code. */
const probe = `data:text/javascript,${encodeURIComponent(`
  process.once('exit', () => {
    const { user, system } = process.cpuUsage();
    process.stderr.write('\\ncpu ' + (user + system) + '\\n');
  });
`)}`;

async function run(program: string): Promise<Measured> {
  const started = performance.now();
  // The action fails without inputs, as intended.
  const { stderr } = await promisify(execFile)(process.execPath, ['--import', probe, program]).catch(
    (error: { stderr: string }) => error,
  );
  const ms = performance.now() - started;
  const microseconds = Number(/^cpu (\d+)$/m.exec(stderr)?.[1]);
  if (Number.isNaN(microseconds)) throw new Error(`${program} did not report its processor time: ${stderr}`);
  return { ms, cpuMs: microseconds / 1000 };
}
