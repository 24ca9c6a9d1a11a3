import * as http from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { runAction } from './harness/run-action.ts';
import { inputsFor, sandboxed } from './support/sandboxed.ts';
import { workspaceWith } from './support/workspace.ts';

/** Node 24.14 and newer; GitHub runs the action on Node 24. */
const supported = 'setGlobalProxyFromEnv' in http;

/** A forward proxy that records requests. Plain http is sent through it by CONNECT (Node 24) or by absolute URL (Node 26). */
async function forwardProxy() {
  const asked: { target: string; authorization: string | undefined }[] = [];
  const server = http.createServer().on('connect', (incoming, client) => {
    asked.push({ target: incoming.url ?? '', authorization: incoming.headers['proxy-authorization'] });
    const { hostname, port } = new URL(`http://${incoming.url}`);
    const target = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      target.pipe(client).pipe(target);
    });
    target.on('error', () => client.destroy());
    client.on('error', () => target.destroy());
  });
  server.on('request', (incoming, answer) => {
    const { method, headers, url = '' } = incoming;
    asked.push({ target: new URL(url).host, authorization: headers['proxy-authorization'] });
    incoming.pipe(
      http.request(url, { method, headers }, (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      }),
    );
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { asked, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test.runIf(supported)('everything goes through HTTP_PROXY; its password is hidden', async () => {
  const [{ asked, host }, sandbox] = [await forwardProxy(), await sandboxed()];
  const env = { HTTP_PROXY: `http://runner:p%40ss-word@${host}` };
  const run = await runAction(workspaceWith(2), { inputs: inputsFor(sandbox), env });
  expect([run.exitCode, run.outputs['signed-count']]).toEqual([0, '2']);
  const authorization = `Basic ${Buffer.from('runner:p@ss-word').toString('base64')}`;
  expect(asked.length).toBeGreaterThan(0);
  for (const question of asked) expect(question).toEqual({ target: new URL(sandbox.url).host, authorization });
  expect(run.masks).toEqual(expect.arrayContaining(['p@ss-word', 'p%40ss-word', authorization.slice(6)]));
});

test.runIf(supported)('NO_PROXY bypasses the proxy', async () => {
  const [{ asked, host }, sandbox] = [await forwardProxy(), await sandboxed()];
  const env = { http_proxy: `http://${host}`, no_proxy: '127.0.0.1' };
  const run = await runAction(workspaceWith(1), { inputs: inputsFor(sandbox), env });
  expect([run.exitCode, asked]).toEqual([0, []]);
});

test.runIf(supported)('a proxy that cannot be reached is named in the message', async () => {
  const sandbox = await sandboxed();
  const env = { http_proxy: 'http://127.0.0.1:1' };
  const inputs = inputsFor(sandbox, { retries: '0', timeout: '5s' });
  const run = await runAction(workspaceWith(1), { inputs, env });
  expect(run.exitCode).toBe(1);
  expect(run.log).toMatch(/no connection could be made/);
});

test.runIf(!supported)('a Node that cannot use a proxy is named before anything is sent', async () => {
  const sandbox = await sandboxed();
  const run = await runAction(workspaceWith(1), {
    inputs: inputsFor(sandbox),
    env: { http_proxy: 'http://127.0.0.1:1' },
  });
  expect([run.exitCode, sandbox.admin.counts().tokenRequests]).toEqual([1, 0]);
  expect(run.log).toContain(`Node ${process.versions.node} cannot`);
});
