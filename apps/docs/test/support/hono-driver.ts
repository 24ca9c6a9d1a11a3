import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { createSignStash } from '@signstash-connect/core';
import type { ErrorDescription } from '@signstash-connect/core/adapter';
import { accessTo } from '@signstash-connect/testing';
import type { AdapterDriver, DriverTraits } from '@signstash-connect/testing/conformance';
import { unzipSync } from 'fflate';
import { Hono } from 'hono';
import { onTestFinished } from 'vitest';
import { problemDetails, signUpload } from '../../examples/hono/signstash.ts';

export const traits: DriverTraits = { partial: false, maxFiles: 99, fromDisk: false };

/** The default waits between attempts would make every fault test take seconds. */
const retry = { delayMs: 5, maxDelayMs: 50, lookupGraceMs: 30, pendingMs: 2_000 };

/** Uploads all files in one form to the example, over HTTP. */
export function createDriver(): AdapterDriver {
  const output: string[] = [];
  return {
    async sign(files, { sandbox, clientSecret, signal }) {
      const access = { ...accessTo(sandbox), ...(clientSecret === undefined ? {} : { clientSecret }) };
      const client = createSignStash({ ...access, retry, hooks: { onWarning: ({ message }) => output.push(message) } });
      let problem: ErrorDescription | undefined;
      const onProblem = (described: ErrorDescription) => {
        problem = described;
        output.push(JSON.stringify(described));
      };
      const app = new Hono().post('/', signUpload(client, { maxFiles: 99 }));
      app.onError(problemDetails({ onProblem }));
      const form = new FormData();
      for (const { name, bytes } of files) form.append('file', new Blob([new Uint8Array(bytes)]), name);
      const answer = await fetch(await listen(app), { method: 'POST', body: form, ...(signal ? { signal } : {}) });
      output.push(JSON.stringify([...answer.headers]));
      const body = new Uint8Array(await answer.arrayBuffer());
      if (!answer.ok) {
        output.push(Buffer.from(body).toString());
        const { code = '', title = '', hint = '' } = problem ?? {};
        return files.map(({ name }) => ({ name, ok: false, code, title, hint }));
      }
      const isZip = answer.headers.get('content-type') === 'application/zip';
      const contents = isZip ? Object.values(unzipSync(body)) : [body];
      return files.map(({ name }, index) => ({ name, ok: true, content: contents[index] as Uint8Array }));
    },
    output: () => output,
  };
}

/** Serves an application on a free loopback port until the test ends. */
export async function listen(app: Hono): Promise<string> {
  const { port, close } = await new Promise<{ port: number; close: () => Promise<void> }>((resolve) => {
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, (info: AddressInfo) =>
      resolve({ port: info.port, close: () => new Promise((done) => server.close(() => done())) }),
    );
  });
  onTestFinished(close);
  return `http://127.0.0.1:${port}`;
}
