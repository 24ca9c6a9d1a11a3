import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Journal } from '../../src/batch/journal.ts';
import { thisProcess } from '../../src/files/process-identity.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const journalPath = () => join(temporaryFolder(), 'journal.jsonl');

test('entries are read back, the latest one per document', async () => {
  const path = journalPath();
  const first = await Journal.open(path);
  await first.write([
    { event: 'sending', reference: 'a' },
    { event: 'sending', reference: 'b' },
  ]);
  await first.write([{ event: 'signed', reference: 'a', operationId: '7', output: '/x' }]);
  await first.close();
  const second = await Journal.open(path);
  expect(second.find('a')).toEqual({ event: 'signed', reference: 'a', operationId: '7', output: '/x' });
  expect([second.find('b')?.event, second.find('c')]).toEqual(['sending', undefined]);
  await second.close();
  expect(existsSync(`${path}.lock`)).toBe(false);
});

test('a last line that a crash left incomplete is removed before the next entry is written', async () => {
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

test('any other line that a journal does not write is refused with its number', async () => {
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
  expect(existsSync(`${path}.lock`)).toBe(false);
});

test.each([
  ['a process that is gone', { ...thisProcess, pid: 99_999_999 }],
  ['an earlier process that had the number of one that runs', { ...thisProcess, started: 'abcdef01' }],
])('the lock of %s is taken over at once', async (_, owner) => {
  const path = journalPath();
  writeFileSync(`${path}.lock`, JSON.stringify(owner));
  await (await Journal.open(path)).close();
});

test('the lock of another machine is taken over only once it is no longer renewed', async () => {
  const path = journalPath();
  writeFileSync(`${path}.lock`, JSON.stringify({ ...thisProcess, host: 'elsewhere' }));
  await expect(Journal.open(path)).rejects.toMatchObject({ code: 'JOURNAL_UNUSABLE' });
  const before = new Date(Date.now() - 60_000);
  utimesSync(`${path}.lock`, before, before);
  await (await Journal.open(path)).close();
});

test('a file that is not a journal is left unchanged, even if it is one line without a line end', async () => {
  const path = journalPath();
  writeFileSync(path, 'an important note');
  await expect(Journal.open(path)).rejects.toMatchObject({ code: 'JOURNAL_UNUSABLE' });
  expect(readFileSync(path, 'utf8')).toBe('an important note');
});

test('an incomplete character only removes its own line', async () => {
  const path = journalPath();
  const whole = '{"v":1,"at":"x","event":"sending","reference":"a"}\n';
  writeFileSync(path, Buffer.concat([Buffer.from(`${whole}{"v":1,"at":"x","reference":"`), Buffer.from([0xc3])]));
  await (await Journal.open(path)).close();
  expect(readFileSync(path, 'utf8')).toBe(whole);
});

test('a path that cannot be written is a configuration error', async () => {
  const path = join(temporaryFolder(), 'no', 'such', 'folder', 'journal');
  await expect(Journal.open(path)).rejects.toMatchObject({ code: 'JOURNAL_UNUSABLE', setting: 'journal' });
});
