import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ProgramResult {
  exitCode: number;
  stdout: Buffer;
  /** stdout and stderr combined. */
  text: string;
}

/** Runs a program to its end. A failing exit code is an answer, a missing program is an error. */
export function runProgram(program: string, args: readonly string[], input?: Uint8Array): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: 'C.UTF-8' };
    const options = { encoding: 'buffer', maxBuffer: 256 * 1024 * 1024, timeout: 60_000, env } as const;
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ exitCode: Number(error?.code ?? 0), stdout, text: `${stdout}${stderr}` });
    });
    // A program that has read enough closes its input.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

async function withFiles<T>(
  files: Record<string, Uint8Array | string>,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'signstash-programs-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What poppler's `pdfsig` says about one signature. */
export interface PdfSignature {
  /** The digest and the signature value are right. */
  valid: boolean;
  /** The signer's certificate chains to the given root. */
  trusted: boolean;
  /** It covers the whole file. */
  totalDocumentSigned: boolean;
  /** Such as `ETSI.CAdES.detached`. */
  type: string;
}

/**
 * The signatures of a PDF by `pdfsig`, oldest first. Its exit code is 0 for tampered files too, so only its output counts.
 *
 * @param caPem - The only root that is trusted.
 */
export function pdfSignatures(pdf: Uint8Array, caPem: string): Promise<PdfSignature[]> {
  return withFiles({ 'signed.pdf': pdf, 'ca.pem': caPem }, async (folder) => {
    const database = `sql:${folder}`;
    for (const args of [
      ['-N', '-d', database, '--empty-password'],
      ['-A', '-d', database, '-n', 'root', '-t', 'CT,C,C', '-i', join(folder, 'ca.pem')],
    ]) {
      const { exitCode, text } = await runProgram('certutil', args);
      if (exitCode !== 0) throw new Error(`certutil failed: ${text}`);
    }
    const { text } = await runProgram('pdfsig', ['-nssdir', database, join(folder, 'signed.pdf')]);
    const sections = text.split(/^Signature #\d+:$/m).slice(1);
    return sections
      .filter((section) => !section.includes('is not signed'))
      .map((section) => ({
        valid: section.includes('- Signature Validation: Signature is Valid.'),
        trusted: section.includes('- Certificate Validation: Certificate is Trusted.'),
        totalDocumentSigned: section.includes('- Total document signed'),
        type: /- Signature Type: (.*)$/m.exec(section)?.[1] ?? '',
      }));
  });
}

/**
 * Whether `openssl cms` accepts a detached CMS signature.
 *
 * @param caPem - The only root that is trusted.
 */
export function verifyCms(cms: Uint8Array, content: Uint8Array, caPem: string): Promise<{ ok: boolean; text: string }> {
  return withFiles({ cms, content, 'ca.pem': caPem }, async (folder) => {
    const at = (name: string) => join(folder, name);
    const args = [
      'cms',
      '-verify',
      '-binary',
      '-inform',
      'DER',
      '-purpose',
      'any',
      '-in',
      at('cms'),
      '-content',
      at('content'),
    ];
    const { exitCode, text } = await runProgram('openssl', [...args, '-CAfile', at('ca.pem'), '-out', '/dev/null']);
    return { ok: exitCode === 0, text };
  });
}
