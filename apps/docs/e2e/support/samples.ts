import type { Fence } from '../../src/fences.ts';

/** The programs that README fragments are inserted into; the fence's first word selects one. */
const surroundings: Record<string, { before: string; after?: string }> = {
  /** Complete as it is. */
  run: { before: '' },
  /** An application, called at the path that the fence names. */
  app: { before: '', after: 'await callApp(app, calls);' },
  /** Credentials at hand. */
  credentials: {
    before:
      "const clientId = process.env.SIGNSTASH_CLIENT_ID ?? ''; const clientSecret = process.env.SIGNSTASH_CLIENT_SECRET ?? '';",
  },
  client: { before: "import { fromEnv } from '@signstash-connect/core'; const signstash = fromEnv();" },
  sandbox: {
    before:
      "import type { Sandbox } from '@signstash-connect/sandbox'; import { fromEnv } from '@signstash-connect/core'; const yourCode = async (_sandbox: Sandbox) => { await fromEnv().sign('invoice.pdf'); };",
  },
  /** A signed file and the root certificate of its signature, in the working directory. */
  verify: {
    before:
      "import { mkdirSync, writeFileSync } from 'node:fs'; import { createSignStash } from '@signstash-connect/core'; import { startSandbox } from '@signstash-connect/sandbox';" +
      "const sandbox = await startSandbox(); mkdirSync('roots'); writeFileSync('roots/issuer-root.pem', sandbox.caCertificatePem);" +
      'const { tokenUrl, apiUrl, clientId, clientSecret } = sandbox; const signstash = createSignStash({ environment: { tokenUrl, apiUrl }, clientId, clientSecret });' +
      "writeFileSync('invoice-signed.pdf', (await signstash.sign('invoice.pdf')).content); await sandbox.close();",
  },
  /** Credentials, and a root certificate in the working directory. */
  'verify-core': {
    before:
      "import { mkdirSync, writeFileSync } from 'node:fs'; import { startSandbox } from '@signstash-connect/sandbox';" +
      "const sandbox = await startSandbox(); mkdirSync('roots'); writeFileSync('roots/issuer-root.pem', sandbox.caCertificatePem); await sandbox.close();" +
      "const clientId = process.env.SIGNSTASH_CLIENT_ID ?? ''; const clientSecret = process.env.SIGNSTASH_CLIENT_SECRET ?? '';",
  },
  /** An Express application with its helpers, complete. */
  'express-app': {
    before:
      "import { readFile } from 'node:fs/promises'; const renderInvoice = (_number: string) => readFile('invoice.pdf');",
    after: 'await callApp(app, calls);',
  },
  /** A line for an Express application. */
  express: {
    before:
      "import { FileReferenceLock, folderResultStore } from '@signstash-connect/core'; import { healthcheck, problemDetails, signResponse, signstash, signUpload } from '@signstash-connect/express'; import express from 'express'; import { readFile } from 'node:fs/promises';" +
      "const app = express(); app.get('/ping', (_request, response) => void response.send('up')); app.use(signstash()); void [FileReferenceLock, folderResultStore, healthcheck, problemDetails, signResponse, signUpload];" +
      "const reports = express.Router().get('/x', async (_request, response) => { response.type('pdf').send(await readFile('invoice.pdf')); }); void reports;" +
      "const clientId = process.env.SIGNSTASH_CLIENT_ID ?? ''; const clientSecret = process.env.SIGNSTASH_CLIENT_SECRET ?? ''; void [clientId, clientSecret];",
    after: 'await callApp(app, calls);',
  },
  /** Shows how a call looks; `express` has the same with what is around it. */
  'express-route': {
    before:
      "import { signstash } from '@signstash-connect/express'; import express from 'express'; const app = express(); app.use(signstash());" +
      "app.get('/route', async (_request, res) => { const content = 'invoice.pdf'; const options = {};",
    after: 'void signed; }); await callApp(app, calls);',
  },
};

/** A sample as a program. @throws where its fence does not say what it stands in. */
export function program({ words: [kind = '', ...more], code, file, line }: Fence): string {
  const around = surroundings[kind];
  if (!around)
    throw new Error(`${file}:${line}: the fence says nothing after "ts" that apps/docs/e2e/support/samples.ts knows.`);
  const calls = more.flatMap((word) => /^call=(.+)$/.exec(word)?.[1] ?? []);
  if (around.after && calls.length === 0) throw new Error(`${file}:${line}: an application needs call=/path.`);
  const helpers = around.after
    ? `import { callApp } from '../../e2e/support/call-app.ts'; const calls = ${JSON.stringify(calls)};\n`
    : '';
  return `// ${file}:${line}\n${helpers}${around.before}\n${code}\n${around.after ?? ''}\nexport {};\n`;
}
