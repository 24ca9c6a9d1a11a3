import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { minimalPdf } from '../support/minimal-pdf.ts';
import { testSandbox } from '../support/sandbox-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const run = fileURLToPath(new URL('./support/killable-run.ts', import.meta.url));

/** Runs the job and kills it after its n-th journal line; gives its exit code, or null where it was killed. */
async function runOnce(job: object, journal: string, killAfterLines: number): Promise<number | null> {
  const child = spawn(process.execPath, ['--conditions=@signstash-connect/source', run, JSON.stringify(job)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const watch = setInterval(() => {
    try {
      if (readFileSync(journal, 'utf8').split('\n').length - 1 >= killAfterLines) child.kill('SIGKILL');
    } catch {
      // Not begun yet.
    }
  }, 1);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(watch);
  return code;
}

test('a batch that is killed repeatedly ends with each document signed exactly once', async () => {
  // The worst service: it signs a repeated reference again.
  const sandbox = await testSandbox({ duplicateReferences: 'sign-again' });
  // So slow that kills also hit requests the service is still working on.
  sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'before', delayMs: 30, times: 1_000 });
  const folder = temporaryFolder();
  const names = Array.from({ length: 40 }, (_, index) => `${index}.pdf`);
  for (const name of names) writeFileSync(join(folder, name), minimalPdf(`Fatura ${name}`));
  const { tokenUrl, apiUrl, clientId, clientSecret } = sandbox;
  const job = { environment: { tokenUrl, apiUrl }, clientId, clientSecret, folder };
  const journal = join(folder, 'journal.jsonl');

  let kills = 0;
  const seed = Math.floor(Math.random() * 1e6);
  for (let lines = 0, step = seed; ; kills++) {
    step = (step * 48_271) % 2_147_483_647;
    lines += 12 + (step % 24);
    const code = await runOnce(job, journal, lines);
    if (code !== null) {
      expect(code, `exit code, seed ${seed}`).toBe(0);
      break;
    }
  }

  expect(kills, `kills, seed ${seed}`).toBeGreaterThan(1);
  const counts = sandbox.admin.counts().signedByReference;
  expect(Object.keys(counts), `seed ${seed}`).toHaveLength(40);
  expect(new Set(Object.values(counts)), `seed ${seed}`).toEqual(new Set([1]));
  // Outputs and nothing else: partial files of killed runs are removed.
  expect(readdirSync(join(folder, 'out')).sort()).toEqual(
    names.map((name) => name.replace('.pdf', '-signed.pdf')).sort(),
  );
  for (const name of names) {
    const signed = readFileSync(join(folder, 'out', name.replace('.pdf', '-signed.pdf')));
    const original = readFileSync(join(folder, name));
    expect(signed.subarray(0, original.length).equals(original) && signed.includes('ByteRange')).toBe(true);
  }
});
