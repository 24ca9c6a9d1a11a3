import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Sandbox, startSandbox } from '@signstash-connect/sandbox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fences, root } from '../test/support/pages.ts';
import { program } from './support/samples.ts';

const run = promisify(execFile);
const samples = fences('ts').map((fence) => [`${fence.file}:${fence.line}`, fence] as const);
const invoice = readFileSync(join(root, 'packages/sandbox/test/fixtures/cairo.pdf'));

let sandbox: Sandbox;
let folder: string;

beforeAll(async () => {
  // Below docs, whose dependencies the samples import.
  mkdirSync(join(root, 'apps/docs/.samples'), { recursive: true });
  folder = mkdtempSync(join(root, 'apps/docs/.samples/'));
  sandbox = await startSandbox();
  for (const [index, [, fence]] of samples.entries()) writeFileSync(join(folder, `${index}.ts`), program(fence));
});
afterAll(async () => {
  await sandbox?.close();
  rmSync(folder, { recursive: true });
});

test('there are samples on the pages that need them', () => {
  const files = new Set(samples.map(([, { file }]) => file));
  for (const file of ['README.md', 'packages/core/README.md', 'packages/express/README.md', 'apps/docs/batches.md'])
    expect(files).toContain(file);
});

test('they compile', { timeout: 60_000 }, async () => {
  const settings = {
    extends: '../../../../tsconfig.base.json',
    compilerOptions: { noEmit: true, allowImportingTsExtensions: true, noUnusedLocals: false, types: ['node'] },
    include: ['*.ts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  const tsc = join(root, 'node_modules/.bin/tsc');
  await expect(
    run(tsc, ['-p', folder]).catch(({ stdout }) => {
      throw new Error(stdout);
    }),
  ).resolves.toBeDefined();
});

describe.concurrent('they run', () => {
  test.each(samples)('%s', { timeout: 60_000 }, async (where, fence) => {
    const work = join(folder, `work-${samples.findIndex(([name]) => name === where)}`);
    mkdirSync(join(work, 'invoices'), { recursive: true });
    // Different for each sample: the same content is the same document, which is signed once.
    for (const name of ['invoice.pdf', 'invoices/a.pdf', 'invoices/b.pdf']) {
      writeFileSync(join(work, name), Buffer.concat([invoice, Buffer.from(`\n% ${where} ${name}\n`)]));
    }
    const file = join(folder, `${samples.findIndex(([, other]) => other === fence)}.ts`);
    const preload = join(root, 'apps/docs/e2e/support/staging-is-sandbox.mjs');
    const { stderr } = await run(
      process.execPath,
      ['--conditions=@signstash-connect/source', '--import', preload, file],
      {
        cwd: work,
        env: {
          PATH: process.env.PATH,
          HOME: work,
          SAMPLE_SANDBOX: sandbox.url,
          PROXY_URL: sandbox.url,
          SIGNSTASH_ENVIRONMENT: 'staging',
          SIGNSTASH_CLIENT_ID: sandbox.clientId,
          SIGNSTASH_CLIENT_SECRET: sandbox.clientSecret,
        },
      },
    );
    expect(stderr).toBe('');
  });
});
