import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSignedVersionOf, pdfs, startTestSandbox, temporaryFolder, writeFiles } from '@signstash-connect/testing';
import { expect, it } from 'vitest';
import { envFor, objectsOf, runCli } from './support/run-cli.ts';

/** A folder with a signed document, and its operation at the service. */
async function signOne(limitUsageCount = 4) {
  const sandbox = await startTestSandbox({ limitUsageCount });
  const cwd = temporaryFolder();
  const [file] = pdfs(1);
  writeFiles(cwd, [file!]);
  const run = (...args: string[]) => runCli(args, { cwd, env: envFor(sandbox) });
  const [signed] = objectsOf(await run('sign', '0.pdf', '--json', '--delivery-emails', 'a@example.com'));
  return { sandbox, cwd, run, file: file!, id: signed?.operationId as string, reference: signed?.reference as string };
}

it('shows an operation by id and by reference', async () => {
  const { run, id, reference } = await signOne();
  const byId = await run('get', id);
  expect(byId).toMatchObject({ exitCode: 0, stderr: '' });
  expect(byId.stdout).toMatch(
    new RegExp(`^Operation ${id}: EXECUTED, .*\\nDocument  Status  Error  Reference\\n0.pdf     SIGNED`),
  );
  const [operation] = objectsOf(await run('get', reference, '--json'));
  expect(operation).toMatchObject({
    type: 'operation',
    operation: { id, documents: [{ reference, status: 'SIGNED' }] },
  });
  expect(JSON.stringify(operation)).not.toContain('raw');
});

it('shows the status of an operation', async () => {
  const { run, id } = await signOne();
  expect(await run('status', id)).toEqual({ exitCode: 0, stdout: `Operation ${id}: EXECUTED\n`, stderr: '' });
  expect(objectsOf(await run('status', id, '--json'))).toEqual([
    expect.objectContaining({ type: 'status', id, status: 'EXECUTED' }),
  ]);
});

it('saves the signed documents of an operation and replaces none without --overwrite', async () => {
  const { run, id, cwd, file } = await signOne();
  expect(await run('download', id, '--out', 'signed')).toMatchObject({ exitCode: 0, stdout: 'saved signed/0.pdf\n' });
  expect(isSignedVersionOf(readFileSync(join(cwd, 'signed/0.pdf')), file.bytes)).toBe(true);
  const again = await run('download', id, '--out', 'signed');
  expect(again).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('use --overwrite') });
  expect((await run('download', id, '--out', 'signed', '--overwrite')).exitCode).toBe(0);
});

it('sends the delivery e-mails again', async () => {
  const { run, id, sandbox } = await signOne();
  expect((await run('resend', id, 'b@example.com', 'c@example.com', '--attach')).exitCode).toBe(0);
  expect(sandbox.admin.counts().requests.resendMail).toBe(1);
  expect(await run('resend', id, 'not-an-address')).toMatchObject({
    exitCode: 2,
    stderr: 'error: Invalid e-mail address "not-an-address": expected name@example.com.\n',
  });
  expect(sandbox.admin.counts().requests.resendMail).toBe(1);
});

it('shows the quota and fails from a threshold on', async () => {
  const { run, id } = await signOne(4);
  const shown = await run('quota', id);
  expect(shown).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('1 of 4 signatures used (25 %)') });
  expect(objectsOf(await run('quota', id, '--json'))).toEqual([
    expect.objectContaining({ used: 1, limit: 4, percent: 25 }),
  ]);
  expect(await run('quota', id, '--warn-at', '25', '--quiet')).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: "error: 25 % of the quota is used. Ask your Sign'Stash operator to raise it.\n",
  });
});

it('reports an unknown reference', async () => {
  const { run } = await signOne();
  expect(await run('get', 'nothing')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('NOT_FOUND') });
});
