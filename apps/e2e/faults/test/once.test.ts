import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Sandbox, startSandbox } from '@signstash-connect/sandbox';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { minimalPdf } from '../../../../packages/core/test/support/minimal-pdf.ts';
import { type FaultEvent, faultPlan } from '../src/fault-plan.ts';

const seeds = Number(process.env.FAULT_SEEDS ?? 20);
const documentsPerSeed = 1_000;
/** Fixed, so that a run can be repeated; set FAULT_FIRST_SEED to a random number in scheduled runs. */
const firstSeed = Number(process.env.FAULT_FIRST_SEED ?? 20_261_124);

const worker = fileURLToPath(new URL('../src/worker.ts', import.meta.url));
const stateDirectory = mkdtempSync(join(tmpdir(), 'e2e-fault-state-'));
afterAll(() => rmSync(stateDirectory, { recursive: true, force: true }));

interface Report {
  sealed: number;
  failures: { reference: string; code: string }[];
  stoppedBy?: string;
}

/** Runs the job once; undefined where it was killed. */
function run(job: object): { child: ChildProcess; report: Promise<Report | undefined> } {
  const conditions = '--conditions=@signstash-connect/source';
  const child = spawn(process.execPath, [conditions, worker, JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout?.on('data', (chunk) => {
    printed += chunk;
  });
  const report = new Promise<Report | undefined>((resolve, reject) => {
    child.once('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(undefined);
      else if (code === 0) resolve(JSON.parse(printed) as Report);
      else reject(new Error(`The worker ended with code ${code}.`));
    });
  });
  return { child, report };
}

/** Runs the plan, restarting the job whenever it ends or is killed. Returns the number of kills. */
async function runFaultPlan(plan: readonly FaultEvent[], sandbox: Sandbox, job: object): Promise<number> {
  let kills = 0;
  let current = run(job);
  const started = performance.now();
  for (const event of plan) {
    const wait = event.afterMs - (performance.now() - started);
    if (wait > 0) await sleep(wait);
    if ('fault' in event) sandbox.admin.addFault(event.fault);
    else if ('expireTokens' in event) sandbox.admin.expireTokens();
    else if (current.child.exitCode === null) {
      current.child.kill('SIGKILL');
      await current.report;
      kills++;
      current = run(job);
    }
  }
  await current.report;
  return kills;
}

test.each(Array.from({ length: seeds }, (_, index) => firstSeed + index))(
  'seed %i: every document is signed exactly once or failed at the service, and none is lost',
  async (seed) => {
    const root = mkdtempSync(join(tmpdir(), `e2e-faults-${seed}-`));
    const [folder, output] = [join(root, 'in'), join(root, 'out')];
    mkdirSync(folder);
    mkdirSync(output);
    for (let index = 0; index < documentsPerSeed; index++) {
      writeFileSync(join(folder, `${index}.pdf`), minimalPdf(`Fatura ${seed}/${index}`));
    }
    // The worst service signs a repeated reference again; a strict one refuses it. The invariant must hold for both.
    const duplicateReferences = seed % 2 === 0 ? 'sign-again' : 'refuse-signed';
    const refusedToken = seed % 4 < 2 ? '401' : '409';
    const sandbox = await startSandbox({ stateDirectory, duplicateReferences, refusedToken, keyAlgorithm: 'EC-P256' });
    try {
      const { tokenUrl, apiUrl, clientId, clientSecret } = sandbox;
      const journal = seed % 3 === 0 ? undefined : join(root, 'journal.jsonl');
      const job = { tokenUrl, apiUrl, clientId, clientSecret, folder, output, journal };
      const [plan] = fc.sample(faultPlan, { seed, numRuns: 1 }) as [FaultEvent[]];
      const kills = await runFaultPlan(plan, sandbox, job);
      sandbox.admin.clearFaults();
      const last = await run(job).report;
      const { signedByReference } = sandbox.admin.counts();
      // A run without a journal finds the outputs of the earlier ones; every other failure is the service's final answer.
      const failures = last?.failures.filter(({ code }) => code !== 'OUTPUT_EXISTS') ?? [];
      const signedThough = failures.filter(
        ({ code, reference }) => code !== 'DOCUMENT_FAILED' || signedByReference[reference],
      );
      expect(signedThough).toEqual([]);
      expect(last).not.toHaveProperty('stoppedBy');
      expect(sandbox.admin.schemaViolations()).toEqual([]);
      const counts = Object.values(signedByReference);
      const files = readdirSync(output).filter((name) => name.endsWith('-signed.pdf'));
      console.log(
        `seed ${seed} (${duplicateReferences}${journal ? ', journal' : ''}): ${plan.length} faults, ${kills} kills, ` +
          `${counts.length} signed, ${failures.length} failed at the service`,
      );
      expect({ documents: counts.length + failures.length, mostSignatures: Math.max(...counts) }).toEqual({
        documents: documentsPerSeed,
        mostSignatures: 1,
      });
      // What failed the content check is kept apart, under another name.
      const others = readdirSync(output).filter((name) => !name.endsWith('-signed.pdf') && !name.endsWith('.rejected'));
      expect(others).toEqual([]);
      expect(files).toHaveLength(counts.length);
      for (const name of files) {
        const original = readFileSync(join(folder, name.replace('-signed.pdf', '.pdf')));
        const signed = readFileSync(join(output, name));
        const intact =
          signed.subarray(0, original.byteLength).equals(original) && signed.includes('ETSI.CAdES.detached');
        expect(intact).toBe(true);
      }
    } finally {
      await sandbox.close();
      rmSync(root, { recursive: true, force: true });
    }
  },
);
