import { readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Newcomer } from './support/newcomer.ts';
import { block, root, section } from './support/readme.ts';

const readme = 'packages/verify/README.md';
const core = section('packages/core/README.md', '## Sign a document');
const sample = block(section(readme, '## Verify a document'), 'ts', 'verifyDocument');

let newcomer: Newcomer;
beforeEach(async () => {
  newcomer = await Newcomer.create();
});
afterEach(() => newcomer.leave());

it("verifies, as the README says, what the core package's README signs with the sandbox and through its proxy", async () => {
  await newcomer.shell('npm install @signstash-connect/core');
  await newcomer.shell(installCommand());
  const sandbox = await newcomer.startSandbox(block(core, 'sh', 'npx'));
  await newcomer.shell('mkdir roots');
  await copyFile(sandbox.caCertificatePath, newcomer.path('roots/issuer-root.pem'));
  await newcomer.write('sign.mjs', block(core, 'ts'));
  await newcomer.write('verify.mjs', sample);
  for (const settings of [sandbox.exports, sandbox.exportsWithProxy]) {
    await newcomer.shell(`${settings}\n${block(core, 'sh', 'node sign.mjs')}`);
    expect((await newcomer.shell('node verify.mjs')).split('\n')[0]).toBe('valid');
    // A new document for the proxy, which returns each signed document only once.
    await newcomer.write(
      'invoice.pdf',
      Buffer.concat([await newcomer.read('invoice.pdf'), Buffer.from('% another\n')]),
    );
  }
});

it('rejects a document that was changed after it was signed', async () => {
  await newcomer.shell('npm install @signstash-connect/core');
  await newcomer.shell(installCommand());
  const sandbox = await newcomer.startSandbox(block(core, 'sh', 'npx'));
  await newcomer.shell('mkdir roots');
  await copyFile(sandbox.caCertificatePath, newcomer.path('roots/issuer-root.pem'));
  await newcomer.write('sign.mjs', block(core, 'ts'));
  await newcomer.shell(`${sandbox.exports}\nnode sign.mjs`);
  const signed = await newcomer.read('invoice-signed.pdf');
  signed[20] = (signed[20] ?? 0) ^ 1;
  await newcomer.write('invoice-signed.pdf', signed);
  await newcomer.write('verify.mjs', sample);
  const verdict = (await newcomer.shell('node verify.mjs')).split('\n')[0];
  expect(['invalid', 'indeterminate']).toContain(verdict);
});

/** The README has the command in a sentence or in a block. */
function installCommand(): string {
  const [command] = /npm install \S*\/verify/.exec(readFileSync(join(root, readme), 'utf8')) ?? [];
  if (command === undefined) throw new Error(`${readme} does not say how to install the package.`);
  return command;
}
