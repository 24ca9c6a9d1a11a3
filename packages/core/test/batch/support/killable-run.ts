// One run of a batch in a separate process, so that it can be killed.
import { createSignStash } from '@signstash-connect/core';

const [, , job] = process.argv as [string, string, string];
const { environment, clientId, clientSecret, folder } = JSON.parse(job);

const signstash = createSignStash({
  environment,
  clientId,
  clientSecret,
  retry: { delayMs: 5, maxDelayMs: 50, lookupGraceMs: 150, pendingMs: 2_000 },
});
const batch = signstash.signAll(`${folder}/*.pdf`, {
  outputDirectory: `${folder}/out`,
  journal: `${folder}/journal.jsonl`,
  // Only the journal prevents documents from being signed again.
  lookUpFirst: false,
  batchSize: 4,
  concurrency: 3,
});
for await (const result of batch) {
  if (!result.ok) console.error(`${result.name}: ${result.error.code} ${result.error.message}`);
}
process.exitCode = batch.summary.failed > 0 ? 1 : 0;
