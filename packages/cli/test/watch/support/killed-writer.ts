// Works on files of a watched folder until it is killed.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setAside, writeWhole } from '../../../src/watch/move-file.ts';

const [, , root = ''] = process.argv;
mkdirSync(join(root, 'in'), { recursive: true });
await setAside(join(root, 'in/a.pdf'));
writeFileSync(join(root, 'set-aside'), '');
const writers = Array.from({ length: 8 }, async (_, index) => {
  for (;;) await writeWhole(join(root, `failed/b${index}.pdf.error.json`), '{}'.repeat(100_000));
});
await Promise.all(writers);
