import cluster from 'node:cluster';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSignStash, optionsFromEnv } from '@signstash-connect/core';
import { healthcheck, problemDetails, signstash } from '@signstash-connect/express';
import express from 'express';
import { sharedTokenStore } from '../../src/shared-token-store.ts';
import { fixturePath } from './documents.ts';

/** Server processes that share a port, and a token through Redis: what a load balancer has behind it. */
const processes = 4;

if (cluster.isPrimary) {
  let listening = 0;
  cluster.on('listening', (_worker, { port }) => {
    if (++listening === processes) console.log(`Listening on http://127.0.0.1:${port}`);
  });
  for (let index = 0; index < processes; index++) cluster.fork();
} else {
  const { store } = sharedTokenStore(process.env.REDIS_URL!);
  const client = createSignStash({ ...optionsFromEnv(process.env), tokenStore: store, lookUpFirst: false });
  const invoice = await readFile(fixturePath('pdf-lib.pdf'));
  const app = express();
  app.use(signstash({ client }));
  app.get('/health', healthcheck({ cacheMs: 1 }));
  app.get('/invoice', async (_req, res) => {
    await res.signPdf(invoice, { reference: `cluster-${randomUUID()}` });
  });
  app.use(problemDetails({ onProblem: (_problem, error) => console.error(process.pid, error) }));
  app.listen(0, '127.0.0.1');
}
