import type { ChildProcess } from 'node:child_process';
import type { Sandbox } from '@signstash-connect/sandbox';
import { expect, test } from 'vitest';
import { runAction } from './harness/run-action.ts';
import { inputsFor, sandboxed } from './support/sandboxed.ts';
import { errorsOf, reportOf, signedFiles, workspaceWith } from './support/workspace.ts';

/** Cancels the workflow, as the runner does, while the second request hangs. */
const cancelWhenStuck = (sandbox: Sandbox, signal: NodeJS.Signals) => async (child: ChildProcess) => {
  while (sandbox.admin.counts().requests.sign < 2) await new Promise((resolve) => setTimeout(resolve, 20));
  setTimeout(() => child.kill(signal), 200);
};

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s: signed files are reported, and the next attempt signs the others',
  async (signal) => {
    const sandbox = await sandboxed();
    for (const delayMs of [0, 2_500]) {
      sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'processing', delayMs });
    }
    const workspace = workspaceWith(30);
    const inputs = inputsFor(sandbox, { 'batch-size': '10', concurrency: '1' });
    const cancelled = await runAction(workspace, { inputs, during: cancelWhenStuck(sandbox, signal) });
    expect(cancelled.exitCode).toBe(1);
    expect(errorsOf(cancelled).map(({ data }) => data)).toEqual([
      'Cancelled: 10 of 30 files were signed. Requests in progress may still be signed; the next run retrieves them.',
    ]);
    expect(signedFiles(cancelled)).toHaveLength(10);
    expect(reportOf(cancelled).totals).toMatchObject({ signed: 10, failed: 0 });
    expect(cancelled.summary).toContain('**10** signed');

    const { temporary } = cancelled;
    const again = await runAction(workspace, { inputs, temporary });
    expect([again.exitCode, again.outputs['signed-count']]).toEqual([0, '30']);
    const signatures = Object.values(sandbox.admin.counts().signedByReference);
    expect([signatures.length, Math.max(...signatures)]).toEqual([30, 1]);
  },
);
