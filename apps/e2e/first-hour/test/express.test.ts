import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '../../../../scripts/test/free-port.ts';
import { expectSigned, Newcomer } from './support/newcomer.ts';
import { block, section } from './support/readme.ts';

const readme = 'packages/express/README.md';
const start = section(readme, '');
const onPremise = section(readme, '## On-premise: keep the results');

let newcomer: Newcomer;
beforeEach(async () => {
  newcomer = await Newcomer.create();
});
afterEach(() => newcomer.leave());

/** The README's sample, with the two things that it leaves to the reader: where the invoice comes from, and the port. */
const application = (sample: string, port: number) => `
import { readFile } from 'node:fs/promises';
const renderInvoice = (number) => readFile('invoice.pdf');
${sample}
app.listen(${port}, '127.0.0.1', () => console.log('listening'));
`;

async function startApplication(sample: string, settings: string): Promise<string> {
  const port = await freePort();
  await newcomer.write('server.mjs', application(sample, port));
  await newcomer.write('start.sh', `${settings}\nexec node server.mjs\n`);
  await newcomer.start('bash start.sh', /listening/);
  return `http://127.0.0.1:${port}`;
}

/** Fetches an invoice as a browser would. */
const fetchInvoice = async (url: string, name: string): Promise<Buffer> => {
  await newcomer.shell(`curl -sS --fail-with-body -o ${name} ${url}/invoices/7`);
  await expectSigned(newcomer, name);
  return newcomer.read(name);
};

it("sends signed PDFs as the README's sample does, with the sandbox", async () => {
  await newcomer.shell(block(start, 'sh', 'npm install'));
  const sandbox = await newcomer.startSandbox(block(start, 'sh', 'npx'));
  const url = await startApplication(block(start, 'ts'), sandbox.exports);
  const first = await fetchInvoice(url, 'first.pdf');
  expect((await fetchInvoice(url, 'second.pdf')).equals(first)).toBe(true);
  expect(await sandbox.signatures()).toBe(1);
});

it("sends the same signed PDF again through the sandbox's proxy, also after a restart", async () => {
  await newcomer.shell(block(start, 'sh', 'npm install'));
  const sandbox = await newcomer.startSandbox(block(start, 'sh', 'npx'));
  const withStore = block(start, 'ts')
    .replace(/^app\.use\(signstash\(\)\);.*$/m, block(onPremise, 'ts'))
    .replace(/^/, "import { folderResultStore } from '@signstash-connect/core';\n");
  expect(withStore).toContain('resultStore');
  const first = await fetchInvoice(await startApplication(withStore, sandbox.exportsWithProxy), 'first.pdf');
  const restarted = await startApplication(withStore, sandbox.exportsWithProxy);
  expect((await fetchInvoice(restarted, 'second.pdf')).equals(first)).toBe(true);
  expect((await fetchInvoice(restarted, 'third.pdf')).equals(first)).toBe(true);
  expect(await sandbox.signatures()).toBe(1);
});
