import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder, writeFiles } from '@signstash-connect/testing';
import type { AdapterDriver, TestSettings } from '@signstash-connect/testing/conformance';
import { describeError } from '../../src/adapter.ts';
import { signFiles } from '../../src/adapter-node.ts';
import { clientOf } from '../support/sandbox-client.ts';

const clientFor = ({ sandbox, clientSecret }: TestSettings, log: string[]) =>
  clientOf(sandbox, {
    ...(clientSecret === undefined ? {} : { clientSecret }),
    hooks: { onWarning: ({ message }) => log.push(message) },
  });

/** Core by itself: a batch in memory. */
export function batchDriver(): AdapterDriver {
  const log: string[] = [];
  return {
    async sign(files, settings) {
      const { batchSize, signal } = settings;
      const documents = files.map(({ name, bytes }) => ({ content: bytes, name, key: name }));
      const given = { ...(batchSize ? { batchSize } : {}), ...(signal ? { signal } : {}) };
      const outcomes = [];
      for await (const result of clientFor(settings, log).signAll(documents, { inMemory: true, ...given })) {
        const { name, ok } = result;
        log.push(JSON.stringify(result, (key, value) => (key === 'content' ? undefined : value)));
        if (result.ok) outcomes.push({ name, ok, content: result.content as Uint8Array });
        else outcomes.push({ name, ok, ...describeError(result.error) });
      }
      return outcomes;
    },
    output: () => log,
  };
}

/** `signFiles` of the adapter kit: files on disk, reports. */
export function filesDriver(): AdapterDriver {
  const log: string[] = [];
  return {
    async sign(files, settings) {
      const { sandbox, batchSize, signal } = settings;
      const root = temporaryFolder();
      writeFiles(root, files);
      const report = await signFiles(
        files.map(({ name }) => join(root, name)),
        {
          client: clientFor(settings, log),
          clientId: sandbox.clientId,
          root,
          ...(batchSize ? { batchSize } : {}),
          ...(signal ? { signal } : {}),
        },
      );
      log.push(JSON.stringify(report), report.toCsv(), report.toMarkdown(), report.toChecksums());
      return report.files.map(({ file, status, output, problem }) => ({
        name: file,
        ok: status === 'signed',
        ...(output === undefined ? {} : { content: readFileSync(join(root, output)) }),
        ...problem,
      }));
    },
    output: () => log,
  };
}
