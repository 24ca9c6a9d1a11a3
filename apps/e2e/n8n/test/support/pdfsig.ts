import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun, run } from './run.ts';

/** Checks a signed PDF with poppler's pdfsig, trusting only the sandbox's authority. */
export async function checkSignature(pdf: Uint8Array, caCertificatePath: string) {
  const folder = await mkdtemp(join(tmpdir(), 'e2e-n8n-signature-'));
  try {
    const database = `sql:${folder}`;
    await mustRun('certutil', ['-N', '-d', database, '--empty-password']);
    await mustRun('certutil', ['-A', '-d', database, '-n', 'sandbox', '-t', 'CT,C,C', '-i', caCertificatePath]);
    const path = join(folder, 'signed.pdf');
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

export const goodSignature = { valid: true, trusted: true, whole: true };
