import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { safeFileName, UniqueNames } from '@signstash-connect/core/adapter';
import type { Command } from 'commander';
import { exitCodes, UsageError } from '../exit-codes.ts';
import type { CliIo } from '../io.ts';
import { addOperationCommand, type OperationFlags } from '../operation.ts';

interface DownloadFlags extends OperationFlags {
  out?: string;
  overwrite?: boolean;
}

export function addDownloadCommand(program: Command, io: CliIo): void {
  addOperationCommand<DownloadFlags>(
    program,
    io,
    'download',
    'Save the signed documents of an operation',
    async ({ flags, output }, { client }, id) => {
      const folder = resolve(io.cwd, flags.out ?? '.');
      const documents = await client.operations.downloadDocuments(id, { signal: io.signal });
      await mkdir(folder, { recursive: true });
      const names = new UniqueNames();
      for (const { name, reference, content } of documents) {
        const path = join(folder, names.claim(safeFileName(name)));
        await save(path, content, flags.overwrite === true);
        const file = relative(io.cwd, path);
        output.result({ type: 'document', reference, file, bytes: content.byteLength }, `saved ${file}`);
      }
      return exitCodes.ok;
    },
  )
    .option('--out <folder>', 'where the documents are saved (default: working directory)')
    .option('--overwrite', 'replace existing files')
    .addHelpText(
      'after',
      `
Examples:
  $ signstash download 1000001 --out signed
  $ signstash download 0042 --reference --overwrite`,
    );
}

async function save(path: string, content: Uint8Array, overwrite: boolean): Promise<void> {
  try {
    await writeFile(path, content, { flag: overwrite ? 'w' : 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new UsageError(`${path} exists: use --overwrite to replace it, or --out for another folder.`);
  }
}
