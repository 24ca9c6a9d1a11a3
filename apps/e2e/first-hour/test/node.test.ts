import { rename, rm } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { expectSigned, Newcomer } from './support/newcomer.ts';
import { block, section } from './support/readme.ts';

let newcomer: Newcomer;
beforeEach(async () => {
  newcomer = await Newcomer.create();
});
afterEach(() => newcomer.leave());

/** Runs `sign.mjs` and moves its output away for the next run. */
async function sign(settings: string, command: string): Promise<Buffer> {
  await newcomer.shell(`${settings}\n${command}`);
  await expectSigned(newcomer, 'invoice-signed.pdf');
  const signed = await newcomer.read('invoice-signed.pdf');
  await rename(newcomer.path('invoice-signed.pdf'), newcomer.path('earlier.pdf'));
  return signed;
}

it("signs as the core package's README says, with the sandbox and then repeatedly through its proxy", async () => {
  const readme = 'packages/core/README.md';
  const start = section(readme, '## Sign a document');
  const onPremise = section(readme, '## Through the on-premise proxy');
  await newcomer.shell(block(section(readme, ''), 'sh', 'npm install'));
  const sandbox = await newcomer.startSandbox(block(start, 'sh', 'npx'));
  const command = block(start, 'sh', 'node sign.mjs');

  await newcomer.write('sign.mjs', block(start, 'ts'));
  const signed = await sign(sandbox.exports, command);
  expect((await sign(sandbox.exports, command)).equals(signed)).toBe(true);
  expect(await sandbox.signatures()).toBe(1);

  await newcomer.write('sign.mjs', block(onPremise, 'ts'));
  await sign(sandbox.exportsWithProxy, command);
  await newcomer.write('invoice.pdf', await otherInvoice());
  const throughProxy = await sign(sandbox.exportsWithProxy, command);
  expect((await sign(sandbox.exportsWithProxy, command)).equals(throughProxy)).toBe(true);
  expect(await sandbox.signatures()).toBe(2);
});

it('signs as the root README says, with the sandbox and then repeatedly through its proxy', async () => {
  const samples = section('README.md', '## Node.js');
  await newcomer.shell(block(samples, 'sh', 'npm install'));
  const sandbox = await newcomer.startSandbox(block(section('README.md', '## Try it without an account'), 'sh', 'npx'));
  await newcomer.write('sign.mjs', block(samples, 'ts'));
  const command = block(samples, 'sh', 'node sign.mjs');

  const signed = await sign(sandbox.exports, command);
  expect((await sign(sandbox.exports, command)).equals(signed)).toBe(true);
  await newcomer.write('invoice.pdf', await otherInvoice());
  const throughProxy = await sign(sandbox.exportsWithProxy, command);
  expect((await sign(sandbox.exportsWithProxy, command)).equals(throughProxy)).toBe(true);
  expect(await sandbox.signatures()).toBe(2);
});

it('says what to do when a document is signed again through the proxy without a result store', async () => {
  const readme = 'packages/core/README.md';
  const start = section(readme, '## Sign a document');
  await newcomer.shell(block(section(readme, ''), 'sh', 'npm install'));
  const sandbox = await newcomer.startSandbox(block(start, 'sh', 'npx'));
  const command = block(start, 'sh', 'node sign.mjs');
  await newcomer.write('sign.mjs', block(start, 'ts'));
  await sign(sandbox.exportsWithProxy, command);
  await rm(newcomer.path('earlier.pdf'));
  await expect(newcomer.shell(`${sandbox.exportsWithProxy}\n${command}`)).rejects.toThrow(
    /CONTENT_UNAVAILABLE[\s\S]*set a resultStore/,
  );
  expect(await sandbox.signatures()).toBe(1);
});

/** Another document than the one that the sandbox has signed already: the same PDF with a comment at its end. */
const otherInvoice = async () => Buffer.concat([await newcomer.read('invoice.pdf'), Buffer.from('% another\n')]);
