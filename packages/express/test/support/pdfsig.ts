import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What poppler says of a file's signatures; it knows nothing of this project. */
export async function signatures(pdf: Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'express-pdfsig-'));
  try {
    const path = join(folder, 'sealed.pdf');
    await writeFile(path, pdf);
    const { stdout } = await run('pdfsig', ['-nocert', path]).catch((error) => ({
      stdout: String(error.stdout ?? error),
    }));
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}
