// Writes more than the disk takes, then opens a journal on it.
import { closeSync, openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Journal } from '../../../src/batch/journal.ts';
import { rescueTempFile, tempFileStore } from '../../../src/files/temp-file.ts';

const [, , disk = ''] = process.argv;
const writer = tempFileStore(disk, { durable: true, rescue: true })();
await writer.write(Buffer.alloc(3_000_000, 'signed content '));
const file = await writer.finish();
console.log(await rescueTempFile(file, join(disk, 'a.pdf')));
const filler = openSync(join(disk, 'filler'), 'w');
try {
  for (;;) writeSync(filler, Buffer.alloc(1024));
} catch {
  closeSync(filler);
}
const journal = await Journal.open(join(disk, 'journal.jsonl')).then(
  () => 'opened',
  (error: { code: string }) => error.code,
);
console.log(JSON.stringify({ journal, files: readdirSync(disk) }));
