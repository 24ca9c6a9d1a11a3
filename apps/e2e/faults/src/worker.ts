// Signs every PDF of a folder and prints the result. Runs in its own process so that it can be killed.
import { createSignStash } from '@signstash-connect/core';

const [, , job] = process.argv as [string, string, string];
const { tokenUrl, apiUrl, clientId, clientSecret, folder, output, journal } = JSON.parse(job) as Record<string, string>;

const signstash = createSignStash({
  environment: { tokenUrl: tokenUrl ?? '', apiUrl: apiUrl ?? '' },
  clientId: clientId ?? '',
  clientSecret: clientSecret ?? '',
  timeouts: { signMs: 1_000, lookupTimeoutMs: 1_000, tokenMs: 1_000 },
  retry: { attempts: 3, delayMs: 20, maxDelayMs: 300, lookupGraceMs: 1_500, pendingMs: 2_500 },
});
const failures: { reference: string; code: string }[] = [];
let sealed = 0;
try {
  const options = { outputDirectory: output ?? '', batchSize: 25, concurrency: 4, ...(journal ? { journal } : {}) };
  for await (const result of signstash.signAll(`${folder}/*.pdf`, options)) {
    if (result.ok) sealed++;
    else failures.push({ reference: result.reference, code: result.error.code });
  }
  console.log(JSON.stringify({ sealed, failures }));
} catch (error) {
  console.log(JSON.stringify({ sealed, failures, stoppedBy: (error as { code?: string }).code ?? String(error) }));
}
