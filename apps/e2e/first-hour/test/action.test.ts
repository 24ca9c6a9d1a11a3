import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runAction } from '../../../../packages/github-action/test/harness/run-action.ts';
import { expectSigned, Newcomer, type RunningSandbox } from './support/newcomer.ts';
import { block, section } from './support/readme.ts';

interface Step {
  uses?: string;
  with?: Record<string, unknown>;
}

const readme = 'packages/github-action/README.md';
const settings = ['--import', new URL('./support/services-are-sandbox.mjs', import.meta.url).pathname];

let newcomer: Newcomer;
let sandbox: RunningSandbox;
beforeEach(async () => {
  newcomer = await Newcomer.create();
  const command = block(section('packages/sandbox/README.md', '## Start'), 'sh', 'npx');
  sandbox = await newcomer.startSandbox(command);
});
afterEach(() => newcomer.leave());

/** The inputs of the action's step in a workflow, or a list of steps, of the README. */
function stepInputs(yaml: string): Record<string, unknown> {
  const parsed = parse(yaml) as Step[] | { jobs: Record<string, { steps: Step[] }> };
  const steps = Array.isArray(parsed) ? parsed : Object.values(parsed.jobs).flatMap((job) => job.steps);
  const own = steps.find(({ uses }) => uses?.startsWith('signstash-connect/'));
  if (!own?.with) throw new Error('The sample has no step with the action.');
  return own.with;
}

/** Runs the built action with the inputs of a sample, whose expressions have the values of this repository and sandbox. */
async function runStep(inputs: Record<string, unknown>) {
  const value = (name: string) => new RegExp(`${name}='([^']*)'`).exec(sandbox.exports)?.[1] ?? '';
  const resolved = Object.entries(inputs).map(([name, input]) => {
    const text = String(input)
      .replace(/\$\{\{ vars\.SIGNSTASH_CLIENT_ID \}\}/, value('SIGNSTASH_CLIENT_ID'))
      .replace(/\$\{\{ secrets\.SIGNSTASH_CLIENT_SECRET \}\}/, value('SIGNSTASH_CLIENT_SECRET'))
      .replace(/\$\{\{ github\.ref_name \}\}/, 'v1')
      .replaceAll('/srv/invoices', newcomer.path('srv'));
    return [name, text] as const;
  });
  const env = { NODE_OPTIONS: settings.join(' '), FIRST_HOUR_SANDBOX: sandbox.url };
  const run = await runAction(newcomer.folder, { inputs: Object.fromEntries(resolved), env });
  expect(run.exitCode, run.log).toBe(0);
  return run.outputs;
}

async function place(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(dirname(newcomer.path(name)), { recursive: true });
    await copyFile(newcomer.path('invoice.pdf'), newcomer.path(name));
  }
}

describe.each([
  ['README.md', '## GitHub Actions'],
  [readme, ''],
])('the first sample of %s', (file, heading) => {
  it('signs the files of a build, and charges nothing when the job runs again', async () => {
    const inputs = stepInputs(block(section(file, heading), 'yaml'));
    await place('dist/a.pdf', 'dist/reports/b.pdf');
    expect(await runStep(inputs)).toMatchObject({ 'signed-count': '2', 'failed-count': '0' });
    await expectSigned(newcomer, 'dist/a-signed.pdf');
    await expectSigned(newcomer, 'dist/reports/b-signed.pdf');
    await newcomer.shell('rm dist/a-signed.pdf dist/reports/b-signed.pdf');
    expect(await runStep(inputs)).toMatchObject({ 'signed-count': '2', 'recovered-count': '2' });
    expect(await sandbox.signatures()).toBe(2);
  });
});

it('signs as the recipe for release assets says, into its output directory', async () => {
  const inputs = stepInputs(block(section(readme, '### Release assets'), 'yaml'));
  await place('out/manual.pdf', 'out/drafts/draft.pdf');
  const outputs = await runStep(inputs);
  expect(JSON.parse(String(outputs['signed-files']))).toEqual(['signed/out/manual.pdf']);
  await expectSigned(newcomer, 'signed/out/manual.pdf');
  expect(await readdir(newcomer.path('signed/out'))).toEqual(['manual.pdf']);
});

it('signs through the proxy in place as its recipe says, and skips the signed files in a second run', async () => {
  const inputs = stepInputs(block(section(readme, '### Through the on-premise proxy'), 'yaml'));
  await place('srv/today/a.pdf', 'srv/today/b.pdf');
  expect(await runStep(inputs)).toMatchObject({ 'signed-count': '2', 'failed-count': '0' });
  await expectSigned(newcomer, 'srv/today/a.pdf');
  expect(await runStep(inputs)).toMatchObject({ 'signed-count': '0', 'skipped-count': '2', 'failed-count': '0' });
  expect(await sandbox.signatures()).toBe(2);
});

it('signs with the sandbox of an earlier step, as the page for workflows without an account says', async () => {
  const page = 'apps/docs/start/github-action.md';
  const inputs = stepInputs(block(section(page, '## Without an account'), 'yaml'));
  await place('out/a.pdf');
  const own = Object.entries(inputs).map(([name, input]) => [
    name,
    String(input).replace('http://127.0.0.1:8700', sandbox.url),
  ]);
  expect(await runStep(Object.fromEntries(own))).toMatchObject({ 'signed-count': '1' });
  await expectSigned(newcomer, 'out/a-signed.pdf');
});
