import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun, run } from './run.ts';

/** Asks poppler's pdfsig about a sealed PDF, trusting the sandbox's authority alone. */
export async function checkSeal(pdf: Uint8Array, caCertificatePath: string) {
  const folder = await mkdtemp(join(tmpdir(), 'e2e-n8n-seal-'));
  try {
    const database = `sql:${folder}`;
    await mustRun('certutil', ['-N', '-d', database, '--empty-password']);
    await mustRun('certutil', ['-A', '-d', database, '-n', 'sandbox', '-t', 'CT,C,C', '-i', caCertificatePath]);
    const path = join(folder, 'sealed.pdf');
    await writeFile(path, pdf);
    // Its exit code says nothing: it is 0 for a tampered file, too.
    const { stdout } = await run('pdfsig', ['-nssdir', database, path]);
    return {
      valid: stdout.includes('Signature Validation: Signature is Valid.'),
      trusted: stdout.includes('Certificate Validation: Certificate is Trusted.'),
      whole: stdout.includes('Total document signed'),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const goodSeal = { valid: true, trusted: true, whole: true };
