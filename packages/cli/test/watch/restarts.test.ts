import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { onPremise } from '@signstash-connect/core';
import { tempFileName } from '@signstash-connect/core/adapter/node';
import { isSignedVersionOf, pdfs, simplePdf, startTestSandbox, temporaryFolder } from '@signstash-connect/testing';
import { expect, it } from 'vitest';
import { retryFailed } from '../../src/watch/file-results.ts';
import { resolveFolders } from '../../src/watch/folders.ts';
import { clientOf, testFolder, until, watchTestFolder } from './support/watched-folder.ts';

it('does not sign a document again that was signed before a crash, and moves only its original', async () => {
  const sandbox = await startTestSandbox();
  const root = temporaryFolder();
  const original = simplePdf();
  const first = watchTestFolder(clientOf(sandbox), { root });
  await first.ready;
  first.drop('a.pdf', original);
  await until(() => first.status().signed === 1);
  await first.close();
  // As after a crash between the signed file and the move of the original.
  copyFileSync(first.path('processed/a.pdf'), first.path('in/a.pdf'));

  const second = watchTestFolder(clientOf(sandbox), { root });
  await until(
    () => second.status().signed === 1,
    () => second.events,
  );
  expect(second.files('signed')).toEqual(['a.pdf']);
  expect(second.files('processed')).toEqual(['a.pdf']);
  expect(second.files('in')).toEqual([]);
  expect(sandbox.admin.counts().documentsSigned).toBe(1);
});

it('uses signed content that a killed process had received, without asking for it again', async () => {
  const sandbox = await startTestSandbox();
  const root = temporaryFolder();
  const original = simplePdf();
  const first = watchTestFolder(clientOf(sandbox), { root });
  await first.ready;
  first.drop('a.pdf', original);
  await until(() => first.status().signed === 1);
  await first.close();
  const [event] = first.events.filter((each) => each.type === 'signed');
  const staged = first.path(`.signstash/outputs/${hashOf(event?.reference)}`);
  mkdirSync(`${root}/.signstash/outputs`, { recursive: true });
  copyFileSync(first.path('signed/a.pdf'), staged);
  copyFileSync(first.path('processed/a.pdf'), first.path('in/a.pdf'));
  const before = sandbox.admin.counts().requests;

  const second = watchTestFolder(clientOf(sandbox), { root });
  await until(
    () => second.status().signed === 1,
    () => second.events,
  );
  expect(sandbox.admin.counts().requests).toEqual(before);
  expect(second.files('signed')).toEqual(['a.pdf']);
  expect(second.files('in')).toEqual([]);
  expect(second.files('.signstash')).toEqual([]);
});

it('removes what a killed process was writing and signs the file that it had set aside', async () => {
  const sandbox = await startTestSandbox();
  const root = temporaryFolder();
  const folder = testFolder(root);
  const hidden = () =>
    ['in', 'failed'].flatMap((name) => readdirSync(folder.path(name)).filter((file) => file.startsWith('.signstash-')));
  mkdirSync(folder.path('in'), { recursive: true });
  // A file of a process that lives, and one that has nothing to do with us.
  mkdirSync(folder.path('failed'));
  const living = `failed/${tempFileName()}`;
  writeFileSync(folder.path(living), '');
  writeFileSync(folder.path('failed/.signstash-notes.part'), '');
  writeFileSync(folder.path('in/a.pdf'), simplePdf());
  const script = new URL('./support/killed-writer.ts', import.meta.url).pathname;
  const child = fork(script, [root], { execArgv: ['--conditions=@signstash-connect/source'] });
  await until(() => existsSync(folder.path('set-aside')) && hidden().length > 5);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(existsSync(folder.path('in/a.pdf'))).toBe(false);
  expect(hidden().length).toBeGreaterThan(3);

  const watcher = watchTestFolder(clientOf(sandbox), { root });
  await until(
    () => watcher.status().signed === 1,
    () => watcher.events,
  );
  await watcher.close();
  expect(watcher.files('signed')).toEqual(['a.pdf']);
  expect(hidden().sort()).toEqual([living.replace('failed/', ''), '.signstash-notes.part'].sort());
});

/** How the state folder names what belongs to a reference. */
const hashOf = (reference = '') => createHash('sha256').update(reference).digest('hex').slice(0, 40);

it('never replaces a file of the same name with other content', async () => {
  const sandbox = await startTestSandbox();
  const watch = watchTestFolder(clientOf(sandbox));
  await watch.ready;
  for (const [index, text] of ['one', 'two'].entries()) {
    watch.drop('a.pdf', simplePdf(text));
    await until(() => watch.status().signed === index + 1);
  }
  expect(watch.files('signed')).toEqual(['a (2).pdf', 'a.pdf']);
  expect(watch.files('processed')).toEqual(['a (2).pdf', 'a.pdf']);
  expect(isSignedVersionOf(readFileSync(watch.path('signed/a.pdf')), simplePdf('one'))).toBe(true);
  expect(isSignedVersionOf(readFileSync(watch.path('signed/a (2).pdf')), simplePdf('two'))).toBe(true);
});

it('leaves originals in the input folder on request, and does not sign them again after a restart', async () => {
  const sandbox = await startTestSandbox();
  const root = temporaryFolder();
  const first = watchTestFolder(clientOf(sandbox), { root, keepOriginals: true });
  await first.ready;
  first.drop('a.pdf', simplePdf('a'));
  await until(() => first.status().signed === 1);
  await first.close();
  const { requests } = sandbox.admin.counts();

  const second = watchTestFolder(clientOf(sandbox), { root, keepOriginals: true });
  await second.ready;
  second.drop('b.pdf', simplePdf('b'));
  await until(() => second.status().signed === 1 && second.status().queued === 0);
  expect(second.files('in')).toEqual(['a.pdf', 'b.pdf']);
  expect(second.files('processed')).toEqual([]);
  expect(sandbox.admin.counts().documentsSigned).toBe(2);
  expect(sandbox.admin.counts().requests.operationId).toBe(requests.operationId + 1);
});

it('lets two watchers share a folder without signing or moving anything twice', async () => {
  const sandbox = await startTestSandbox();
  const root = temporaryFolder();
  const documents = pdfs(100);
  const folder = testFolder(root);
  for (const { name, bytes } of documents) folder.drop(name, bytes);
  const watches = [1, 2].map(() => watchTestFolder(clientOf(sandbox), { root, batchSize: 10, concurrency: 2 }));
  await until(
    () => folder.files('processed').length === 100 && watches.every((watch) => watch.status().queued === 0),
    () => watches.map((watch) => watch.status()),
  );
  await Promise.all(watches.map((watch) => watch.close()));
  const { signedByReference } = sandbox.admin.counts();
  expect(Object.values(signedByReference)).toEqual(Array(100).fill(1));
  expect(folder.files('signed')).toEqual(documents.map(({ name }) => name).sort());
  expect(folder.files('in')).toEqual([]);
  expect(folder.files('failed')).toEqual([]);
});

it('finishes requests in progress when it is closed and leaves the other files in the input folder', async () => {
  const sandbox = await startTestSandbox();
  const root = temporaryFolder();
  const documents = pdfs(40);
  const folder = testFolder(root);
  for (const { name, bytes } of documents) folder.drop(name, bytes);
  sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', delayMs: 300, times: 100 });
  const watch = watchTestFolder(clientOf(sandbox), { root, batchSize: 5, concurrency: 1 });
  await until(() => sandbox.admin.counts().requests.sign >= 1);
  await watch.close();
  expect(watch.status().state).toBe('closed');
  const signed = sandbox.admin.counts().documentsSigned;
  expect(signed).toBeLessThan(40);
  expect(folder.files('signed')).toHaveLength(signed);
  expect(folder.files('processed')).toHaveLength(signed);
  expect(folder.files('in')).toHaveLength(40 - signed);
  expect(folder.files('.signstash')).toEqual([]);
});

it('moves failed files back under their first names, and leaves those whose name is taken', async () => {
  const sandbox = await startTestSandbox();
  const root = temporaryFolder();
  const watch = watchTestFolder(clientOf(sandbox), { root });
  await watch.ready;
  watch.drop('x/a.pdf', 'not a PDF');
  await until(() => watch.status().failed === 1);
  watch.drop('x/a.pdf', 'not a PDF either');
  await until(() => watch.status().failed === 2);
  await watch.close();
  expect(watch.files('failed').filter((name) => name.endsWith('.pdf'))).toEqual(['x/a (2).pdf', 'x/a.pdf']);

  const { moved, blocked } = await retryFailed(resolveFolders(root));
  expect({ moved, blocked }).toEqual({ moved: ['x/a.pdf'], blocked: ['x/a.pdf'] });
  expect(watch.files('in')).toEqual(['x/a.pdf']);
  expect(watch.files('failed')).toHaveLength(3);
});

it('does not send a document again through the proxy that a killed process may have sent', async () => {
  const sandbox = await startTestSandbox();
  const root = temporaryFolder();
  const { tokenUrl, proxyUrl } = sandbox;
  const environment = onPremise({ proxyUrl, authorizationServer: { tokenUrl } });
  const client = () => clientOf(sandbox, { environment });
  const first = watchTestFolder(client(), { root, viaProxy: true });
  await first.ready;
  first.drop('a.pdf', simplePdf());
  await until(
    () => first.status().signed === 1,
    () => first.events,
  );
  await first.close();
  expect(first.files('.signstash')).toEqual([]);
  const [event] = first.events.filter((each) => each.type === 'signed');
  // As after a crash between the request and its answer.
  mkdirSync(first.path('.signstash/in-doubt'), { recursive: true });
  writeFileSync(first.path(`.signstash/in-doubt/${hashOf(event?.reference)}`), '');
  copyFileSync(first.path('processed/a.pdf'), first.path('in/a.pdf'));

  const second = watchTestFolder(client(), { root, viaProxy: true });
  await until(
    () => second.status().failed === 1,
    () => [second.events, second.status()],
  );
  expect(second.files('failed')).toContain('a.pdf');
  expect(sandbox.admin.counts().documentsSigned).toBe(1);
});

it('signs through the proxy what could not be sent before', async () => {
  const sandbox = await startTestSandbox();
  const root = temporaryFolder();
  const { tokenUrl, proxyUrl } = sandbox;
  const environment = (url: string) => onPremise({ proxyUrl: url, authorizationServer: { tokenUrl } });
  const closed = 'http://127.0.0.1:1/signstash/einvoice-integration-client-ws';
  const first = watchTestFolder(clientOf(sandbox, { environment: environment(closed) }), { root, viaProxy: true });
  await first.ready;
  first.drop('a.pdf', simplePdf());
  await until(
    () => first.events.filter(({ type }) => type === 'paused').length >= 2,
    () => first.events,
  );
  await first.close();
  expect(first.files('in')).toEqual(['a.pdf']);
  expect(first.files('.signstash')).toEqual([]);

  const second = watchTestFolder(clientOf(sandbox, { environment: environment(proxyUrl) }), { root, viaProxy: true });
  await until(
    () => second.status().signed === 1,
    () => [second.events, second.status()],
  );
  expect(sandbox.admin.counts().documentsSigned).toBe(1);
});
