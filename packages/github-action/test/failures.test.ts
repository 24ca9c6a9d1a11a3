import { join } from 'node:path';
import type { Fault } from '@signstash-connect/sandbox';
import { describe, expect, test } from 'vitest';
import { minimalPdf } from '../../core/test/support/minimal-pdf.ts';
import { runAction } from './harness/run-action.ts';
import { inputsFor, sandboxed } from './support/sandboxed.ts';
import { errorsOf, isSigned, reportOf, signedFiles, workspaceWith } from './support/workspace.ts';

describe('faults after which every file is signed once', () => {
  test.each<[string, Fault]>([
    ['a refused token (401 on a call)', { kind: 'unauthorized', endpoint: 'sign' }],
    ['429', { kind: 'rate-limit', endpoint: 'sign', retryAfterSeconds: 0 }],
    ['500 before anything is signed', { kind: 'server-error', endpoint: 'sign' }],
    ['500 after everything is signed', { kind: 'server-error', endpoint: 'sign', phase: 'after' }],
    ['a connection that breaks after everything is signed', { kind: 'drop', endpoint: 'sign', phase: 'after' }],
    ['half an answer', { kind: 'truncate', endpoint: 'sign' }],
    ['an unavailable authorization server', { kind: 'server-error', endpoint: 'token', status: 503 }],
    // After a lost answer the client looks the documents up for a minute before it sends them again: hence the short waits.
  ])('%s', async (_, fault) => {
    const sandbox = await sandboxed();
    sandbox.admin.addFault(fault);
    const workspace = workspaceWith(2);
    const run = await runAction(workspace, { inputs: inputsFor(sandbox), shortWaits: true });
    expect([run.exitCode, sandbox.admin.counts().documentsSigned]).toEqual([0, 2]);
    for (const name of signedFiles(run)) expect(isSigned(join(workspace, name))).toBe(true);
  });

  test('a request to a service that hangs times out, and the signed files are retrieved', async () => {
    const sandbox = await sandboxed();
    sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'processing', delayMs: 4_000 });
    const run = await runAction(workspaceWith(2), { inputs: inputsFor(sandbox, { timeout: '700ms' }) });
    expect([run.exitCode, run.outputs['signed-count']]).toEqual([0, '2']);
    expect(sandbox.admin.counts().documentsSigned).toBe(2);
  });
});

describe('failures that concern all files are reported once', () => {
  test('refused credentials lead to one token request and a message that names both inputs', async () => {
    const sandbox = await sandboxed();
    const inputs = inputsFor(sandbox, { 'client-secret': 'another-secret' });
    const run = await runAction(workspaceWith(30), { inputs });
    expect([run.exitCode, run.outputs['failed-count'], errorsOf(run).length]).toEqual([1, '30', 1]);
    expect(errorsOf(run)[0]?.data).toMatch(/client-id .* client-secret .* 30 of 30 files were not signed/);
    expect(sandbox.admin.counts().tokenRequests).toBe(1);
    expect(run.log).not.toContain('another-secret');
  });

  test('a quota that is used up leaves the files signed before it', async () => {
    const sandbox = await sandboxed({ limitUsageCount: 4 });
    const inputs = inputsFor(sandbox, { 'batch-size': '2', concurrency: '1' });
    const run = await runAction(workspaceWith(10), { inputs });
    expect([run.exitCode, run.outputs['signed-count'], errorsOf(run).length]).toEqual([1, '4', 1]);
  });
});

describe('a file that fails', () => {
  test('gets an annotation with the reason and the fix, and the others are signed', async () => {
    const sandbox = await sandboxed();
    const workspace = workspaceWith({ 'bad.pdf': 'no PDF', 'empty.pdf': '', 'good.pdf': minimalPdf() });
    const run = await runAction(workspace, { inputs: inputsFor(sandbox) });
    expect(run.outputs).toMatchObject({ 'signed-count': '1', 'failed-count': '2' });
    expect(run.exitCode).toBe(1);
    const [bad, empty, conclusion] = errorsOf(run);
    expect(bad?.properties).toEqual({ title: 'Not signed: DOCUMENT_NOT_PDF', file: 'bad.pdf' });
    expect(bad?.data).toBe(
      'bad.pdf is not a PDF file. PAdES signs PDF files only: use a PDF, or set signature-type to XAdES (XML) or CAdES.',
    );
    expect(empty?.properties.title).toBe('Not signed: DOCUMENT_EMPTY');
    expect(conclusion?.data).toBe('2 of 3 files were not signed.');
    expect(run.summary.indexOf('| bad.pdf | failed')).toBeLessThan(run.summary.indexOf('| good.pdf | signed'));
  });

  test('at the service is reported with the reason of the service', async () => {
    const sandbox = await sandboxed();
    sandbox.admin.addFault({ kind: 'document-error', signError: 'TIMESTAMP_SIGN_ERROR' });
    const run = await runAction(workspaceWith(3), { inputs: inputsFor(sandbox) });
    expect(run.outputs).toMatchObject({ 'signed-count': '2', 'failed-count': '1' });
    expect(errorsOf(run)[0]?.data).toContain('TIMESTAMP_SIGN_ERROR');
  });

  test('because of its size (413) is reported with the input to change', async () => {
    const sandbox = await sandboxed({ maxBodyBytes: 20_000 });
    const workspace = workspaceWith({ 'large.pdf': Buffer.concat([minimalPdf(), Buffer.alloc(40_000, ' ')]) });
    const run = await runAction(workspace, { inputs: inputsFor(sandbox) });
    expect(errorsOf(run)[0]?.properties).toEqual({ title: 'Not signed: PAYLOAD_TOO_LARGE', file: 'large.pdf' });
    expect(errorsOf(run)[0]?.data).toContain('Lower batch-size');
  });

  test('with fail-fast lets requests in progress finish and sends no more', async () => {
    const sandbox = await sandboxed();
    sandbox.admin.addFault({ kind: 'document-error' });
    const inputs = inputsFor(sandbox, { 'fail-fast': 'true', 'batch-size': '1', concurrency: '1' });
    const run = await runAction(workspaceWith(40), { inputs });
    const { totals } = reportOf(run);
    expect([run.exitCode, totals.failed]).toEqual([1, 1]);
    expect(totals['not-sent']).toBeGreaterThan(20);
    expect(run.summary).toContain(`**${totals['not-sent']}** not sent`);
    expect(run.summary).toContain('| not sent: the run stopped first |');
    expect(Number(totals.signed) + Number(totals['not-sent'])).toBe(39);
    expect(sandbox.admin.counts().documentsSigned).toBe(totals.signed);
  });
});
