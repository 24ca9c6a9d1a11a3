import { createSignStash } from '@signstash-connect/core';
import { accessTo } from '@signstash-connect/testing';
import type { AdapterDriver, DriverTraits, TestOutcome } from '@signstash-connect/testing/conformance';
import express from 'express5';
import { problemDetails, signstash, signUpload } from '../../src/index.ts';
import { listen } from './listen.ts';

export const traits: DriverTraits = { partial: false, maxFiles: 99, fromDisk: false };

/** As in a test of core: the default waits between attempts would make every fault test take seconds. */
const retry = { delayMs: 5, maxDelayMs: 50, lookupGraceMs: 30, pendingMs: 2_000 };

/** Uploads all files in one form, to a route that keeps the result of each. */
export function createDriver(): AdapterDriver {
  const output: string[] = [];
  return {
    async sign(files, { sandbox, clientSecret, signal }) {
      const access = { ...accessTo(sandbox), ...(clientSecret === undefined ? {} : { clientSecret }) };
      const client = createSignStash({ ...access, retry, hooks: { onWarning: ({ message }) => output.push(message) } });
      const signed = new Map<string, Uint8Array>();
      const failed: TestOutcome[] = [];
      const fail = (name: string, code: string, hint = '', title?: string) =>
        failed.push({ name, ok: false, code, hint, ...(title === undefined ? {} : { title }) });
      const app = express().use(signstash({ client }));
      // Names of parts must be unique; the name that a person chose is only shown.
      const options = (_: unknown, { name }: { name: string }) => ({ key: name });
      app.post('/', signUpload({ respond: false, limits: { files: 99 }, options }), (req, res) => {
        for (const [index, result] of (req.signedFiles ?? []).entries()) {
          const { name } = files[index]!;
          if (result.ok) signed.set(name, result.content);
          else fail(name, result.error.code, result.error.hint);
        }
        res.end();
      });
      const onProblem: Parameters<typeof problemDetails>[0] = {
        onProblem: ({ title, code }, error) => {
          for (const { name } of files) fail(name, code, error.hint, title);
        },
      };
      app.use(problemDetails(onProblem));
      const form = new FormData();
      for (const { name, bytes } of files) form.append('file', new Blob([new Uint8Array(bytes)]), name);
      const answer = await fetch(await listen(app), { method: 'POST', body: form, ...(signal ? { signal } : {}) });
      output.push(JSON.stringify([...answer.headers]), await answer.text());
      return [...[...signed].map(([name, content]) => ({ name, ok: true, content })), ...failed];
    },
    output: () => output,
  };
}
