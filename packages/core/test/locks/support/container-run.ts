// Holds a journal and a temporary file open until its input ends.
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from '../../../src/batch/journal.ts';
import { prepareDirectory, tempFileStore } from '../../../src/files/temp-file.ts';

const [, , folder = '', path = ''] = process.argv;
try {
  const journal = await Journal.open(path);
  console.log('journal open');
  await prepareDirectory(folder);
  const writer = tempFileStore(folder, { durable: false })();
  await writer.write(Buffer.alloc(600_000));
  console.log(join(folder, readdirSync(folder).find((name) => name.endsWith('.part')) ?? 'missing'));
  process.stdin.resume();
  await once(process.stdin, 'end');
  await writer.discard();
  await journal.close();
  console.log(existsSync(`${path}.lock`) ? 'still locked' : 'closed');
} catch (error) {
  const { code, message } = error as { code: string; message: string };
  console.log(`${code} ${message}`);
  process.exit();
}
