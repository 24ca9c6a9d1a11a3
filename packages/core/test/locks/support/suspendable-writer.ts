// Opens a journal as a process on another machine would, and writes to it on request.
import { Journal } from '../../../src/batch/journal.ts';
import { thisProcess } from '../../../src/files/process-identity.ts';

const [, , path = ''] = process.argv;
const journal = await Journal.open(path, {
  identity: { ...thisProcess, host: 'elsewhere' },
  renewEveryMs: 20,
  staleAfterMs: 200,
});
await journal.write([{ event: 'sending', reference: 'before' }]);
process.send?.('open');
process.once('message', async () => {
  const result = await journal.write([{ event: 'sending', reference: 'after' }]).then(
    () => 'written',
    (error: { code: string; message: string }) => `${error.code} ${error.message}`,
  );
  await journal.close();
  process.send?.(result);
  process.disconnect();
});
