import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Journal } from '../../src/batch/journal.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const journalPath = () => join(temporaryFolder(), 'journal.jsonl');

test('what was written is known again, the latest last', async () => {
  const path = journalPath();
  const first = await Journal.open(path);
  await first.write([
    { event: 'sending', reference: 'a' },
    { event: 'sending', reference: 'b' },
  ]);
  await first.write([{ event: 'sealed', reference: 'a', operationId: '7', output: '/x' }]);
  await first.close();
  const second = await Journal.open(path);
  expect(second.find('a')).toEqual({ event: 'sealed', reference: 'a', operationId: '7', output: '/x' });
  expect([second.find('b')?.event, second.find('c')]).toEqual(['sending', undefined]);
  await second.close();
  expect(existsSync(`${path}.lock`)).toBe(false);
});

test('a last line that a crash has torn is cut off, and writing goes on after it', async () => {
  const path = journalPath();
  writeFileSync(path, '{"v":1,"at":"x","event":"sending","reference":"é"}\n{"v":1,"event":"sea');
  const journal = await Journal.open(path);
  expect(journal.find('é')?.event).toBe('sending');
  await journal.write([{ event: 'failed', reference: 'é', code: 'DOCUMENT_FAILED' }]);
  await journal.close();
  expect(
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event),
  ).toEqual(['sending', 'failed']);
});

test('anything else that is not of a journal is refused by its line', async () => {
  const path = journalPath();
  writeFileSync(path, '{"v":1,"event":"sending","reference":"a"}\nnot a journal\n');
  await expect(Journal.open(path)).rejects.toMatchObject({
    code: 'JOURNAL_UNUSABLE',
    message: expect.stringContaining('line 2'),
  });
  expect(existsSync(`${path}.lock`)).toBe(false);
});

test('a journal in use is refused; the lock of a process that is gone is taken over', async () => {
  const path = journalPath();
  const journal = await Journal.open(path);
  await expect(Journal.open(path)).rejects.toMatchObject({
    code: 'JOURNAL_UNUSABLE',
    message: expect.stringContaining(String(process.pid)),
  });
  await journal.close();
  // No process has this number: it is above every system's limit.
  appendFileSync(`${path}.lock`, '99999999');
  await (await Journal.open(path)).close();
});

test('a place that cannot be written is a configuration error', async () => {
  const path = join(temporaryFolder(), 'no', 'such', 'folder', 'journal');
  await expect(Journal.open(path)).rejects.toMatchObject({ code: 'JOURNAL_UNUSABLE', setting: 'journal' });
});
