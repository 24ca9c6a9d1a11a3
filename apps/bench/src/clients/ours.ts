import { join } from 'node:path';
import { type BatchDocument, createSignStash } from '@signstash-connect/core';
import { readJob, report } from '../job.ts';

const { url, documents, output, batchSize, concurrency, settings = {} } = readJob();
const { format = 'json', durable = false, lookUpFirst = false, journal = false, hashed = false } = settings;
const { repeat = documents.length, maxRequestBytes, contentCheck } = settings;

const signstash = createSignStash({
  environment: { tokenUrl: `${url}/token`, apiUrl: `${url}/api` },
  clientId: 'bench',
  clientSecret: 'bench',
  format,
  lookUpFirst,
  ...(contentCheck === false ? { contentCheck: 'off' as const } : {}),
});

function* input(): Generator<BatchDocument> {
  for (let index = 0; index < repeat; index++) {
    const content = documents[index % documents.length] as string;
    const place = { content, output: join(output, `${index}.pdf`) };
    yield hashed ? place : { ...place, reference: `bench-${index}` };
  }
}

await report(async () => {
  let signed = 0;
  const batch = signstash.signAll(input(), {
    batchSize,
    concurrency,
    durable,
    overwrite: true,
    ...(maxRequestBytes === undefined ? {} : { maxRequestBytes }),
    ...(journal ? { journal: join(output, '..', 'journal.jsonl') } : {}),
  });
  for await (const result of batch) {
    if (!result.ok) throw result.error;
    signed++;
  }
  return signed;
});
