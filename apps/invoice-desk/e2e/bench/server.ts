import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { createSignStash } from '@signstash-connect/core';
import { signstash } from '@signstash-connect/express';
import express, { type Express } from 'express';

/** One Express application with one route, written in one of two ways. */
const { SINK, WAY, DOCUMENT } = process.env as Record<string, string>;
const document = await readFile(DOCUMENT!);
const tokenUrl = `${SINK}/oauth/token`;
const credentials = { clientId: 'PRT.1-PRT.1-bench', clientSecret: 'not-real' };

const app = WAY === 'package' ? withPackage() : await byHand();
const delay = monitorEventLoopDelay({ resolution: 10 });
app.post('/measure', async (_req, res) => {
  // Buffers are let go of in the turn after the one that finds them unused.
  for (let turn = 0; turn < 3; turn++) {
    globalThis.gc?.();
    await setImmediate();
  }
  const { heapUsed, rss, external, arrayBuffers } = process.memoryUsage();
  res.json({
    heapUsed,
    rss,
    external,
    arrayBuffers,
    delayP99: delay.percentile(99) / 1e6,
    delayMean: delay.mean / 1e6,
  });
  delay.reset();
  delay.enable();
});
const server = app.listen(0, '127.0.0.1', () => console.log(`Listening on ${(server.address() as AddressInfo).port}`));

function withPackage(): Express {
  const environment = { tokenUrl, apiUrl: SINK! };
  // References are new each time, so there is nothing to look up: both routes send one request.
  const client = createSignStash({ environment, ...credentials, lookUpFirst: false });
  const app = express().use(signstash({ client }));
  app.get('/', async (_req, res) => {
    await res.signPdf(document, { filename: 'a.pdf', reference: `bench-${randomUUID()}` });
  });
  return app;
}

/** A minimal implementation: no retries, no checks, no recovery. */
async function byHand(): Promise<Express> {
  const basic = Buffer.from(`${credentials.clientId}:${credentials.clientSecret}`).toString('base64');
  const answer = await fetch(tokenUrl, {
    method: 'POST',
    headers: { Authorization: `Basic ${basic}`, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials',
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  const app = express();
  app.get('/', async (_req, res) => {
    const reference = `bench-${randomUUID()}`;
    const signed = await fetch(`${SINK}/api/v0/document/sign/base64/`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({
        externalReference: reference,
        description: 'bench',
        returnSignedContent: true,
        documents: [
          {
            documentRequest: {
              externalReference: reference,
              name: 'a.pdf',
              contentType: 'application/pdf',
              base64Content: document.toString('base64'),
            },
            signatureInfo: { signatureType: 'PAdES', applyTimestamp: false },
          },
        ],
      }),
    });
    const { documentList } = (await signed.json()) as { documentList: { signedContent: string }[] };
    const content = Buffer.from(documentList[0]!.signedContent, 'base64');
    res.set({ 'Content-Type': 'application/pdf', 'Content-Disposition': 'inline; filename="a.pdf"' });
    res.set('Content-Length', String(content.byteLength)).end(content);
  });
  return app;
}
