import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CorpusFile } from './corpus-file.ts';

/** What an independent program says about the signatures of a file. */
export type Opinion = 'valid' | 'invalid';

export interface RunResult {
  exitCode: number;
  text: string;
}

/** Runs a program to its end. A failing exit code is an answer, a missing program is an error. */
export function run(program: string, args: readonly string[]): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: 'C.UTF-8' };
    execFile(
      program,
      args,
      { env, timeout: 60_000, maxBuffer: 64 * 1024 * 1024, encoding: 'latin1' },
      (error, stdout, stderr) => {
        if (error && typeof error.code !== 'number' && !error.signal) reject(error);
        else
          resolve({
            exitCode: typeof error?.code === 'number' ? error.code : error ? 1 : 0,
            text: `${stdout}${stderr}`,
          });
      },
    );
  });
}

/** Which program judges which kind of file. */
export const TOOLS = { pdf: 'pdfsig', cms: 'openssl cms', xml: 'xmlsec1' } as const;

/** Asks the program that knows the kind of the file. */
export async function askTool(file: CorpusFile, folder: string, index: number): Promise<Opinion> {
  const path = join(folder, `${index}.${file.kind}`);
  await writeFile(path, file.bytes);
  switch (file.kind) {
    case 'pdf':
      return askPdfsig(path);
    case 'cms':
      return askOpenssl(path, file, folder, index);
    case 'xml':
      return askXmlsec(path, file);
  }
}

/** Its exit code says nothing: it is 0 for a tampered file, too. */
async function askPdfsig(path: string): Promise<Opinion> {
  const { text } = await run('pdfsig', ['-nocert', path]);
  const verdicts = [...text.matchAll(/^ {2}- Signature Validation: (.*)$/gm)].map(([, verdict]) => verdict);
  return verdicts.length > 0 && verdicts.every((verdict) => verdict === 'Signature is Valid.') ? 'valid' : 'invalid';
}

async function askOpenssl(path: string, file: CorpusFile, folder: string, index: number): Promise<Opinion> {
  const args = [
    'cms',
    '-verify',
    '-inform',
    'DER',
    '-in',
    path,
    '-binary',
    '-purpose',
    'any',
    '-CAfile',
    file.rootPath,
  ];
  args.push('-out', join(folder, `${index}.out`));
  if (file.content) {
    const contentPath = join(folder, `${index}.content`);
    await writeFile(contentPath, file.content);
    args.push('-content', contentPath);
  }
  return (await run('openssl', args)).exitCode === 0 ? 'valid' : 'invalid';
}

async function askXmlsec(path: string, file: CorpusFile): Promise<Opinion> {
  const idAttribute = ['--id-attr:Id', 'http://uri.etsi.org/01903/v1.3.2#:SignedProperties'];
  const { exitCode, text } = await run('xmlsec1', ['--verify', '--trusted-pem', file.rootPath, ...idAttribute, path]);
  return exitCode === 0 && /^OK$/m.test(text) ? 'valid' : 'invalid';
}
