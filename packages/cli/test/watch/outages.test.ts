import { readFileSync, writeFileSync } from 'node:fs';
import { pdfs, simplePdf, startTestSandbox } from '@signstash-connect/testing';
import { expect, it } from 'vitest';
import { clientOf, until, watchTestFolder } from './support/watched-folder.ts';

it('keeps files in the input folder while the service is unavailable, reports the outage, and signs them afterwards', async () => {
  const sandbox = await startTestSandbox();
  const watch = watchTestFolder(clientOf(sandbox));
  await watch.ready;
  sandbox.admin.addFault({ kind: 'server-error', endpoint: 'any', status: 503, times: 1_000 });
  for (const { name, bytes } of pdfs(5)) watch.drop(name, bytes);
  await until(
    () => watch.events.filter(({ type }) => type === 'paused').length >= 3,
    () => watch.events,
  );
  expect(watch.files('in')).toHaveLength(5);
  expect(watch.files('failed')).toEqual([]);
  expect(watch.status()).toMatchObject({ signed: 0, failed: 0, retries: 0 });
  expect(watch.status().lastError?.problem.code).toMatch(/LOOKUP_FAILED|SERVICE_UNAVAILABLE|TOKEN_UNAVAILABLE/);
  const pauses = watch.events.flatMap((event) => (event.type === 'paused' ? [event.inMs] : []));
  expect(pauses.slice(0, 3)).toEqual([50, 100, 200]);

  sandbox.admin.clearFaults();
  await until(
    () => watch.status().signed === 5,
    () => watch.status(),
  );
  expect(watch.files('processed')).toHaveLength(5);
  expect(sandbox.admin.counts().documentsSigned).toBe(5);
});

it('stops sending after the credentials were refused, because another attempt could lock the account', async () => {
  const sandbox = await startTestSandbox();
  const watch = watchTestFolder(clientOf(sandbox, { clientSecret: 'wrong' }));
  await watch.ready;
  watch.drop('a.pdf', simplePdf());
  await until(() => watch.status().state === 'stopped');
  const { tokenRequests } = sandbox.admin.counts();
  watch.drop('b.pdf', simplePdf('b'));
  await until(() => watch.status().queued === 2);
  expect(watch.files('in')).toEqual(['a.pdf', 'b.pdf']);
  expect(sandbox.admin.counts().tokenRequests).toBe(tokenRequests);
  expect(watch.status().lastError?.problem.code).toBe('CREDENTIALS_REFUSED');
});

it('keeps files while the quota is used up and signs them once it is raised', async () => {
  const sandbox = await startTestSandbox();
  const watch = watchTestFolder(clientOf(sandbox), {
    delays: { settleMs: 40, refusedMs: 100, retryMs: 60, lockedMs: 30 },
  });
  await watch.ready;
  sandbox.admin.addFault({ kind: 'quota', endpoint: 'sign' });
  watch.drop('a.pdf', simplePdf());
  await until(() => watch.events.some(({ type }) => type === 'paused'));
  expect(watch.files('in')).toEqual(['a.pdf']);
  expect(watch.status().lastError?.problem.code).toBe('QUOTA_EXCEEDED');
  await until(() => watch.status().signed === 1);
});

it('does not count an attempt for documents that were not sent because the quota was used up', async () => {
  const sandbox = await startTestSandbox();
  const watch = watchTestFolder(clientOf(sandbox), {
    batchSize: 5,
    concurrency: 1,
    delays: { settleMs: 40, refusedMs: 100, retryMs: 60_000, lockedMs: 30 },
  });
  await watch.ready;
  sandbox.admin.addFault({ kind: 'quota', endpoint: 'sign', times: 3 });
  for (const { name, bytes } of pdfs(60)) watch.drop(name, bytes);
  await until(
    () => watch.status().signed === 60,
    () => [watch.events.filter(({ type }) => type !== 'signed'), watch.status()],
  );
  expect(watch.status()).toMatchObject({ retries: 0, failed: 0 });
  expect(sandbox.admin.counts().documentsSigned).toBe(60);
});

it('warns when the used share of the quota reaches the threshold', async () => {
  const sandbox = await startTestSandbox({ limitUsageCount: 100 });
  sandbox.admin.setUsage({ limitUsageCount: 100, limitCurrentConsumption: 80 });
  const watch = watchTestFolder(clientOf(sandbox), { quotaWarning: 0.8 });
  await watch.ready;
  watch.drop('a.pdf', simplePdf());
  await until(
    () => watch.events.some(({ type }) => type === 'quota'),
    () => [watch.events, watch.status()],
  );
  expect(watch.events.find(({ type }) => type === 'quota')).toEqual({ type: 'quota', used: 81, limit: 100 });
  expect(watch.status().quota).toEqual({ used: 81, limit: 100 });
});

it('tries a document three times, alone and after a look-up, before it moves it to the failed folder', async () => {
  const sandbox = await startTestSandbox();
  const watch = watchTestFolder(clientOf(sandbox, { retry: { attempts: 1, lookupGraceMs: 20, delayMs: 5 } }));
  await watch.ready;
  sandbox.admin.addFault({ kind: 'server-error', endpoint: 'sign', phase: 'before', status: 500, times: 3 });
  watch.drop('folder/a.pdf', simplePdf());
  await until(
    () => watch.status().failed === 1,
    () => watch.events,
  );
  expect(watch.status()).toMatchObject({ signed: 0, failed: 1, retries: 2 });
  expect(sandbox.admin.counts().requests.sign).toBe(3);
  expect(watch.files('failed')).toEqual(['folder/a.pdf', 'folder/a.pdf.error.json', 'folder/a.pdf.error.txt']);
  const record = JSON.parse(readFileSync(watch.path('failed/folder/a.pdf.error.json'), 'utf8'));
  expect(record).toMatchObject({ version: 1, file: 'folder/a.pdf', attempts: 3, code: 'OUTCOME_UNKNOWN' });
  expect(record.reference).toMatch(/^test-client-[0-9a-f]{40}$/);
});

it('moves a file that cannot be signed to the failed folder with a readable reason, and signs the others', async () => {
  const sandbox = await startTestSandbox();
  const watch = watchTestFolder(clientOf(sandbox));
  await watch.ready;
  for (const { name, bytes } of pdfs(3)) watch.drop(name, bytes);
  watch.drop('notes.txt', 'not a PDF');
  await until(
    () => watch.status().signed === 3 && watch.status().failed === 1,
    () => watch.events,
  );
  expect(watch.files('failed')).toEqual(['notes.txt', 'notes.txt.error.json', 'notes.txt.error.txt']);
  const text = readFileSync(watch.path('failed/notes.txt.error.txt'), 'utf8');
  expect(text).toContain('notes.txt was not signed.');
  expect(text).toContain('What to do: ');
  expect(text).toContain('Code: DOCUMENT_NOT_PDF');
  expect(readFileSync(watch.path('failed/notes.txt'), 'utf8')).toBe('not a PDF');
});

it('pauses while the lock cannot be reached instead of signing without it', async () => {
  const sandbox = await startTestSandbox();
  let reachable = false;
  const lock = {
    acquire: async (keys: readonly string[]) => {
      if (!reachable) throw new Error('connection refused');
      return { keys, isHeld: async () => true, release: async () => {} };
    },
  };
  const watch = watchTestFolder(clientOf(sandbox), { lock });
  await watch.ready;
  watch.drop('a.pdf', simplePdf());
  await until(() => watch.events.filter(({ type }) => type === 'paused').length >= 2);
  expect(sandbox.admin.counts().requests.sign).toBe(0);
  expect(watch.status().lastError?.problem.code).toBe('REFERENCE_LOCK_FAILED');
  reachable = true;
  await until(
    () => watch.status().signed === 1,
    () => watch.events,
  );
});

it('pauses while signed files cannot be written', async () => {
  const sandbox = await startTestSandbox();
  const watch = watchTestFolder(clientOf(sandbox));
  await watch.ready;
  // A file where the folder for signed files of this subfolder should be.
  writeFileSync(watch.path('signed/blocked'), '');
  watch.drop('blocked/a.pdf', simplePdf());
  await until(
    () => watch.events.some(({ type }) => type === 'paused'),
    () => watch.events,
  );
  expect(watch.files('in')).toEqual(['blocked/a.pdf']);
  expect(watch.status().lastError?.problem.code).toBe('OUTPUT_FAILED');
  expect(sandbox.admin.counts().documentsSigned).toBe(1);
});
