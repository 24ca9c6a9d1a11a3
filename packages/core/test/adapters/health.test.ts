import { expect, it } from 'vitest';
import { cachedHealthCheck, HealthMonitor } from '../../src/adapter-node.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';
import { clientOf, testSandbox } from '../support/sandbox-client.ts';

const document = { content: minimalPdf('an invoice') };

it('reports a quota that the last signed document used up, once the result is recorded', async () => {
  const sandbox = await testSandbox({ limitUsageCount: 1 });
  const client = clientOf(sandbox);
  const monitor = new HealthMonitor(client);
  expect(await monitor.check()).toMatchObject({ status: 'up' });
  monitor.record(await client.signMany([document]));
  expect(await monitor.check()).toMatchObject({ status: 'down', code: 'QUOTA_EXCEEDED' });
});

it('checks each client once for concurrent callers, and again when the result is old', async () => {
  const sandbox = await testSandbox();
  const lookups = () => sandbox.admin.counts().requests.operationId;
  const monitor = new HealthMonitor(clientOf(sandbox));
  const check = cachedHealthCheck();
  await Promise.all([check(monitor), check(monitor), check(monitor)]);
  expect(lookups()).toBe(1);
  await check(new HealthMonitor(clientOf(sandbox)));
  expect(lookups()).toBe(2);
  const uncached = cachedHealthCheck({ cacheMs: 0 });
  await uncached(monitor);
  await uncached(monitor);
  expect(lookups()).toBe(4);
});
