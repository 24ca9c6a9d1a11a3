import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { simplePdf, startTestSandbox } from '@signstash-connect/testing';
import { expect, it } from 'vitest';
import { looksComplete } from '../../src/watch/completeness.ts';
import { clientOf, shortDelays, until, watchTestFolder } from './support/watched-folder.ts';

it('does not take a file before its writer has finished', async () => {
  const sandbox = await startTestSandbox();
  const watch = watchTestFolder(clientOf(sandbox), { delays: { ...shortDelays, incompleteMs: 60_000 } });
  await watch.ready;
  const document = simplePdf();
  const path = watch.path('in/a.pdf');
  writeFileSync(path, document.subarray(0, 400));
  watch.drop('b.pdf', simplePdf('b'));
  await until(() => watch.status().signed === 1);
  // Longer than it takes to settle: only the end of the document tells that it is not complete.
  await sleep(3 * shortDelays.settleMs);
  expect(watch.files('in')).toEqual(['a.pdf']);
  appendFileSync(path, document.subarray(400));
  await until(
    () => watch.status().signed === 2,
    () => watch.events,
  );
  expect(watch.files('processed')).toEqual(['a.pdf', 'b.pdf']);
});

it('gives up waiting for the end of a file after a while', async () => {
  const sandbox = await startTestSandbox();
  const watch = watchTestFolder(clientOf(sandbox));
  await watch.ready;
  writeFileSync(watch.path('in/empty.pdf'), '');
  await until(
    () => watch.status().failed === 1,
    () => watch.status(),
  );
  expect(watch.events.find(({ type }) => type === 'failed')).toMatchObject({ problem: { code: 'DOCUMENT_EMPTY' } });
});

it('leaves temporary files, hidden files and symbolic links alone', async () => {
  const sandbox = await startTestSandbox();
  const watch = watchTestFolder(clientOf(sandbox));
  await watch.ready;
  const others = ['.hidden.pdf', 'a.pdf.part', 'b.pdf.tmp', '~$c.pdf', 'Thumbs.db'];
  for (const name of others) writeFileSync(watch.path(`in/${name}`), simplePdf(name));
  mkdirSync(watch.path('elsewhere'));
  writeFileSync(watch.path('elsewhere/secret.pdf'), simplePdf('secret'));
  symlinkSync(watch.path('elsewhere/secret.pdf'), watch.path('in/link.pdf'));
  symlinkSync(watch.path('elsewhere'), watch.path('in/folder'));
  watch.drop('d.pdf', simplePdf('d'));
  await until(() => watch.status().signed === 1 && watch.status().queued === 0);
  expect(sandbox.admin.counts().documentsSigned).toBe(1);
  expect(watch.files('elsewhere')).toEqual(['secret.pdf']);
  expect(watch.files('in')).toEqual(expect.arrayContaining(others));
});

it('finds files by polling', async () => {
  const sandbox = await startTestSandbox();
  // Polling can miss a file in a folder that has just been created; the search at intervals then finds it.
  const watch = watchTestFolder(clientOf(sandbox), { polling: true, delays: { ...shortDelays, rescanMs: 10_000 } });
  await watch.ready;
  watch.drop('x/a.pdf', simplePdf());
  await until(
    () => watch.status().signed === 1,
    () => watch.status(),
  );
});

it('finds files whose event was lost', async () => {
  const sandbox = await startTestSandbox();
  // Polling, but far too rarely for this test: only the search at intervals can find the file.
  const watch = watchTestFolder(clientOf(sandbox), { delays: { ...shortDelays, rescanMs: 100 } });
  await watch.ready;
  mkdirSync(watch.path('in/deep/deeper'), { recursive: true });
  writeFileSync(watch.path('in/deep/deeper/a.pdf'), simplePdf());
  await until(() => watch.status().signed === 1);
});

it.each([
  ['a PDF with its end marker', simplePdf(), true],
  ['a PDF without its end', simplePdf().subarray(0, 500), false],
  ['an XML document', Buffer.from('<?xml version="1.0"?><a/>\n'), true],
  ['an XML document that ends in the middle', Buffer.from('<?xml version="1.0"?><a><b'), false],
  ['an empty file', Buffer.alloc(0), false],
  ['other content', Buffer.from([1, 2, 3]), true],
])('judges whether %s is complete', async (_, content, expected) => {
  const { temporaryFolder } = await import('@signstash-connect/testing');
  const path = `${temporaryFolder()}/file`;
  writeFileSync(path, content);
  expect(await looksComplete(path)).toBe(expected);
});
