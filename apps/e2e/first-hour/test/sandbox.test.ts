import { afterEach, beforeEach, expect, it } from 'vitest';
import { expectSigned, Newcomer } from './support/newcomer.ts';
import { block, section } from './support/readme.ts';

const readme = 'packages/sandbox/README.md';
const start = section(readme, '## Start');

let newcomer: Newcomer;
beforeEach(async () => {
  newcomer = await Newcomer.create();
});
afterEach(() => newcomer.leave());

it('prints the lines that its README shows', async () => {
  const sandbox = await newcomer.startSandbox(block(start, 'sh', 'npx'));
  const shown = block(start, 'sh', 'export').replaceAll('http://127.0.0.1:8700', sandbox.url);
  expect(sandbox.exports).toBe(shown.trim());
});

it('prints a curl flow that signs and fetches an invoice', async () => {
  const sandbox = await newcomer.startSandbox(block(start, 'sh', 'npx'));
  const { port } = new URL(sandbox.url);
  const flow = await newcomer.shell(`npx @signstash-connect/sandbox curl --port ${port}`);
  await newcomer.shell(flow);
  const names = await newcomer.shell('unzip -Z1 signed.zip');
  expect(names).toMatch(/invoice\.pdf/);
  await newcomer.shell('unzip -p signed.zip > invoice-signed.pdf');
  await expectSigned(newcomer, 'invoice-signed.pdf');
  expect(await sandbox.signatures()).toBe(1);
});

it("injects a fault by the README's curl command, which the client recovers from without signing twice", async () => {
  const core = section('packages/core/README.md', '## Sign a document');
  await newcomer.shell('npm install @signstash-connect/core');
  const sandbox = await newcomer.startSandbox(block(start, 'sh', 'npx'));
  const inject = block(section(readme, '## Controlling it from outside'), 'sh', 'curl');
  await newcomer.shell(
    `export ADMIN_TOKEN=${sandbox.adminToken}\n${inject.replaceAll('http://127.0.0.1:8700', sandbox.url)}`,
  );
  await newcomer.write('sign.mjs', block(core, 'ts'));
  await newcomer.shell(`${sandbox.exports}\n${block(core, 'sh', 'node sign.mjs')}`);
  await expectSigned(newcomer, 'invoice-signed.pdf');
  expect(await sandbox.signatures()).toBe(1);
});

it('starts in a test as its README shows', async () => {
  await newcomer.shell('npm install @signstash-connect/core @signstash-connect/sandbox');
  const yourCode = `
import { createSignStash } from '@signstash-connect/core';
const yourCode = ({ tokenUrl, apiUrl, clientId, clientSecret }) =>
  createSignStash({ environment: { tokenUrl, apiUrl }, clientId, clientSecret }).sign('invoice.pdf');
`;
  await newcomer.write('test.mjs', yourCode + block(section(readme, '## In a test'), 'ts'));
  const printed = await newcomer.shell('node test.mjs');
  expect(printed).toMatch(/': 1 } \[\]|: 1\n} \[\]/);
});
