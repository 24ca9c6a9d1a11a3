import type { ChildProcess } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { type Sandbox, startSandbox } from '@signstash-connect/sandbox';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startRedis, type TestRedis } from '../../../../scripts/test/redis.ts';
import { invoices } from './support/documents.ts';
import { N8n } from './support/n8n.ts';
import { chain, credentialFor, signStash, step, type TestFile, type Workflow } from './support/workflow.ts';

/** Signs the files of a posted list and answers with the node's output for each. */
const workflow: Workflow = chain('queue', [
  { ...step('Webhook', 'n8n-nodes-base.webhook', 2, {}), id: 'queue-webhook', webhookId: 'queue' } as never,
  step('Split', 'n8n-nodes-base.splitOut', 1, { fieldToSplitOut: 'body.files', options: {} }),
  step('File', 'n8n-nodes-base.convertToFile', 1.1, {
    operation: 'toBinary',
    sourceProperty: 'b64',
    options: { fileName: '={{ $json.name }}', mimeType: '={{ $json.mimeType }}' },
  }),
  signStash('Sign'),
]);
workflow.nodes[0]!.parameters = {
  httpMethod: 'POST',
  path: 'queue',
  responseMode: 'lastNode',
  responseData: 'allEntries',
  options: {},
};

const executions = 20;
const filesPerExecution = 10;

// n8n has no in-memory binary mode in 3.x: these two store files where every worker can read them.
describe.each(['filesystem', 'database'])('queue mode with binary data in the %s', (binaryMode) => {
  let sandbox: Sandbox;
  let redis: TestRedis;
  let n8n: N8n;
  let url: string;
  let workers: ChildProcess[];

  beforeAll(async () => {
    // A service that signs a repeated reference again, so that the test notices a document that is sent twice.
    [sandbox, redis] = await Promise.all([startSandbox({ duplicateReferences: 'sign-again' }), startRedis()]);
    n8n = await N8n.create(inject('tools'), inject('packed'));
    await n8n.import([credentialFor(sandbox)], [workflow]);
    await n8n.publish(workflow.id);
    const { hostname, port } = new URL(redis.url);
    const env = {
      EXECUTIONS_MODE: 'queue',
      QUEUE_BULL_REDIS_HOST: hostname,
      QUEUE_BULL_REDIS_PORT: port,
      N8N_DEFAULT_BINARY_DATA_MODE: binaryMode,
      OFFLOAD_MANUAL_EXECUTIONS_TO_WORKERS: 'true',
      // Half of n8n's own time until the execution of a killed worker is reported as failed.
      QUEUE_WORKER_LOCK_DURATION: '30000',
      QUEUE_WORKER_STALLED_INTERVAL: '5000',
    };
    url = await n8n.start(env);
    workers = [await n8n.startWorker(env), await n8n.startWorker(env)];
  });
  afterAll(async () => {
    await n8n?.close();
    await redis?.close();
    await sandbox?.close();
  });

  const post = async (files: readonly TestFile[]): Promise<boolean> => {
    const list = files.map(({ bytes, ...file }) => ({ ...file, b64: Buffer.from(bytes).toString('base64') }));
    try {
      const response = await fetch(`${url}/webhook/queue`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ files: list }),
        // Beyond every execution: none may still be running when its documents are posted again.
        signal: AbortSignal.timeout(150_000),
      });
      return response.ok && ((await response.json()) as unknown[]).length === files.length;
    } catch {
      return false;
    }
  };

  it('signs 200 documents once each with one token, although a worker is killed', async () => {
    const jobs = await Promise.all(
      Array.from({ length: executions }, (_, index) => invoices(filesPerExecution, 1_000 * (index + 1))),
    );
    // Executions that start while no token is stored may each request one: the first runs alone, and its token is stored.
    const [first, ...others] = jobs as [TestFile[], ...TestFile[][]];
    expect(await post(first)).toBe(true);
    const running = others.map(post);
    // Some executions are finished, some are running on the worker that is killed.
    while (sandbox.admin.counts().documentsSigned < 40) await wait(20);
    workers[0]?.kill('SIGKILL');
    const succeeded = await Promise.all(running);
    // Retry failed executions, as a user would.
    for (const [index, ok] of succeeded.entries()) if (!ok) expect(await post(others[index] as TestFile[])).toBe(true);
    const { signedByReference, tokensIssued } = sandbox.admin.counts();
    const signatures = Object.values(signedByReference);
    expect({ documents: signatures.length, signedTwice: signatures.filter((count) => count > 1).length }).toEqual({
      documents: executions * filesPerExecution,
      signedTwice: 0,
    });
    expect({ tokensIssued }).toEqual({ tokensIssued: 1 });
    expect(n8n.printed).not.toContain(sandbox.clientSecret);
  });
});
