/** Signs a PDF with the published core at the published sandbox. Prints the sandbox's root certificate's path. */
export const signing = `
const { createSignStash } = core;
const { startSandbox } = sandbox;
const server = await startSandbox();
try {
  const signstash = createSignStash({
    environment: { tokenUrl: server.tokenUrl, apiUrl: server.apiUrl },
    clientId: server.clientId,
    clientSecret: server.clientSecret,
  });
  const { content } = await signstash.sign('invoice.pdf', { reason: 'Release' });
  writeFileSync('signed.pdf', content);
  copyFileSync(server.caCertificatePath, 'ca.pem');
} finally {
  await server.close();
}
`;

export const esm = `
import { copyFileSync, writeFileSync } from 'node:fs';
import * as core from '@signstash-connect/core';
import * as sandbox from '@signstash-connect/sandbox';
${signing}`;

export const commonJs = `
const { copyFileSync, writeFileSync } = require('node:fs');
const core = require('@signstash-connect/core');
const sandbox = require('@signstash-connect/sandbox');
(async () => {
${signing}
})();
`;

/** A route of the published express package, called once. */
export const middleware = `
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createSignStash } from '@signstash-connect/core';
import { signstash } from '@signstash-connect/express';
import { startSandbox } from '@signstash-connect/sandbox';
import express from 'express';

const server = await startSandbox();
const client = createSignStash({
  environment: { tokenUrl: server.tokenUrl, apiUrl: server.apiUrl },
  clientId: server.clientId,
  clientSecret: server.clientSecret,
});
const app = express();
app.use(signstash({ client }));
app.get('/invoice', async (request, response) => {
  await response.signPdf(readFileSync('invoice.pdf'), { filename: 'invoice.pdf' });
});
const listening = app.listen(0, '127.0.0.1', async () => {
  const answer = await fetch(\`http://127.0.0.1:\${listening.address().port}/invoice\`);
  if (!answer.ok) throw new Error(await answer.text());
  writeFileSync('signed.pdf', Buffer.from(await answer.arrayBuffer()));
  copyFileSync(server.caCertificatePath, 'ca.pem');
  listening.close();
  await server.close();
});
`;

/** Runs an action's bundle as the runner does: each declared input in the environment, and files for what it says. */
export const action = `
import { spawn } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { startSandbox } from '@signstash-connect/sandbox';

const [bundle, declared] = process.argv.slice(2);
const server = await startSandbox();
const inputs = {
  ...JSON.parse(declared),
  files: 'invoice.pdf',
  'token-url': server.tokenUrl,
  'api-url': server.apiUrl,
  'client-id': server.clientId,
  'client-secret': server.clientSecret,
};
const folder = process.cwd();
const env = { PATH: process.env.PATH, GITHUB_WORKSPACE: folder, RUNNER_TEMP: folder };
for (const [name, value] of Object.entries(inputs)) env['INPUT_' + name.toUpperCase()] = value;
for (const name of ['GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY']) writeFileSync((env[name] = folder + '/' + name), '');
const child = spawn(process.execPath, [bundle], { env, stdio: 'inherit' });
child.once('exit', async (code) => {
  copyFileSync(server.caCertificatePath, 'ca.pem');
  await server.close();
  process.exitCode = code;
});
`;

/** Types only: whether each package's declarations resolve and say what they should. */
export const types = `
import { createSignStash, type SignedDocument, SignStashError } from '@signstash-connect/core';
import type { Transport } from '@signstash-connect/core/client';
import { signstash } from '@signstash-connect/express';
import { type Sandbox, startSandbox } from '@signstash-connect/sandbox';

const client = createSignStash({ environment: 'staging', clientId: 'a', clientSecret: 'b' });
export const signed: Promise<SignedDocument> = client.sign('invoice.pdf');
export const middleware: ReturnType<typeof signstash> = signstash({ client });
export const server: Promise<Sandbox> = startSandbox();
export const fails = (error: unknown): string => (error instanceof SignStashError ? error.code : '');
export type Own = Transport;
// @ts-expect-error A reason is a text.
client.sign('invoice.pdf', { reason: 1 });
`;
