import { readFileSync } from 'node:fs';
import { isSignedVersionOf, pdfs, simplePdf, startTestSandbox, temporaryFolder } from '@signstash-connect/testing';
import { expect, it } from 'vitest';
import { clientOf, testFolder, until, watchTestFolder } from './support/watched-folder.ts';

it('signs a single file without waiting for others, and moves the original, with the default delays', async () => {
  const sandbox = await startTestSandbox();
  const watch = watchTestFolder(clientOf(sandbox), { delays: {} });
  await watch.ready;
  const original = simplePdf();
  watch.drop('2026/11/invoice.pdf', original);
  await until(
    () => watch.status().signed === 1,
    () => watch.events,
  );

  expect(watch.files('signed')).toEqual(['2026/11/invoice.pdf']);
  expect(isSignedVersionOf(readFileSync(watch.path('signed/2026/11/invoice.pdf')), original)).toBe(true);
  expect(watch.files('in')).toEqual([]);
  expect(readFileSync(watch.path('processed/2026/11/invoice.pdf'))).toEqual(original);
  expect(watch.status()).toMatchObject({ state: 'running', signed: 1, failed: 0, queued: 0 });
});

it('signs files that were there at the start, and a burst in full requests', async () => {
  const sandbox = await startTestSandbox();
  const root = temporaryFolder();
  const folder = testFolder(root);
  const documents = pdfs(120);
  for (const { name, bytes } of documents.slice(0, 60)) folder.drop(name, bytes);
  const watch = watchTestFolder(clientOf(sandbox), { root });
  await watch.ready;
  for (const { name, bytes } of documents.slice(60)) watch.drop(name, bytes);
  await until(
    () => watch.status().signed === 120,
    () => watch.status(),
  );

  const { documentsSigned, requests } = sandbox.admin.counts();
  expect(documentsSigned).toBe(120);
  expect(requests.sign).toBeLessThanOrEqual(6);
  expect(watch.files('signed')).toEqual(documents.map(({ name }) => name).sort());
  expect(watch.files('in')).toEqual([]);
  await until(
    () => watch.files('.signstash').length === 0,
    () => watch.files('.signstash'),
  );
});
