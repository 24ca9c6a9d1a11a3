import { pdfs, startTestSandbox } from '@signstash-connect/testing';
import { expect, it, onTestFinished } from 'vitest';
import { startHealthServer } from '../../src/watch/health-server.ts';
import { clientOf, until, watchTestFolder } from './support/watched-folder.ts';

it('serves liveness, readiness and metrics', async () => {
  const sandbox = await startTestSandbox();
  const watch = watchTestFolder(clientOf(sandbox));
  const health = await startHealthServer({ port: 0, host: '127.0.0.1', status: watch.status });
  onTestFinished(() => health.close());
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${health.port}${path}`);
    return { status: response.status, text: await response.text() };
  };
  await watch.ready;
  for (const { name, bytes } of pdfs(3)) watch.drop(name, bytes);
  watch.drop('secret-name.pdf', 'not a PDF');
  await until(() => watch.status().signed === 3 && watch.status().failed === 1 && watch.status().quota !== undefined);

  expect(await get('/live')).toMatchObject({ status: 200 });
  expect(await get('/ready')).toMatchObject({ status: 200, text: expect.stringContaining('"state":"running"') });
  expect(await get('/other')).toMatchObject({ status: 404 });
  const { text } = await get('/metrics');
  expect(text).toMatch(/^signstash_watch_signed_files_total 3$/m);
  expect(text).toMatch(/^signstash_watch_failed_files_total 1$/m);
  expect(text).toMatch(/^signstash_watch_queued_files 0$/m);
  expect(text).toMatch(/^signstash_watch_up 1$/m);
  expect(text).toMatch(/^signstash_watch_last_error_timestamp_seconds 1\d{9}/m);
  expect(text).toMatch(/^signstash_watch_quota_limit 1000000$/m);
  expect(text).not.toContain('secret-name');

  await watch.close();
  expect(await get('/live')).toMatchObject({ status: 200 });
  expect(await get('/ready')).toMatchObject({ status: 503, text: expect.stringContaining('"state":"closed"') });
  expect((await get('/metrics')).text).toMatch(/^signstash_watch_up 0$/m);
});

it('names the port if it cannot be used', async () => {
  const status = () =>
    ({ state: 'running', queued: 0, inProgress: 0, signed: 0, failed: 0, retries: 0, held: 0 }) as const;
  const first = await startHealthServer({ port: 0, host: '127.0.0.1', status });
  onTestFinished(() => first.close());
  await expect(startHealthServer({ port: first.port, host: '127.0.0.1', status })).rejects.toThrow(
    `The port ${first.port} cannot be used for health checks`,
  );
});
