// An Express application with one route that signs a PDF: with `res.signPdf`, or by hand. Prints its address on one line.
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createSignStash } from '@signstash-connect/core';
import { signstash } from '@signstash-connect/express';
import express from 'express';
import { readJob } from '../job.ts';

const { url, documents } = readJob();
const byHand = process.argv[3] === 'by-hand';
const document = readFileSync(documents[0] as string);
const name = '0.pdf';
const app = express();
let count = 0;

if (byHand) {
  const authorization = `Basic ${Buffer.from('bench:bench').toString('base64')}`;
  const body = 'grant_type=client_credentials';
  const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
  const issued = (await (await fetch(`${url}/token`, { method: 'POST', headers, body })).json()) as {
    access_token: string;
  };
  app.get('/', async (_request, response) => {
    const reference = `bench-${count++}`;
    const answer = await fetch(`${url}/api/api/v0/document/sign/base64/`, {
      method: 'POST',
      headers: { authorization: `Bearer ${issued.access_token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        externalReference: `request-${reference}`,
        description: name,
        documents: [
          {
            documentRequest: {
              externalReference: reference,
              name,
              contentType: 'application/pdf',
              base64Content: document.toString('base64'),
            },
            signatureInfo: { signatureType: 'PAdES', applyTimestamp: false },
          },
        ],
        returnSignedContent: true,
      }),
    });
    const { documentList } = (await answer.json()) as { documentList: { signedContent: string }[] };
    response
      .attachment(name)
      .type('pdf')
      .send(Buffer.from(documentList[0]?.signedContent ?? '', 'base64'));
  });
} else {
  const environment = { tokenUrl: `${url}/token`, apiUrl: `${url}/api` };
  // References are new each time, so there is nothing to look up: both routes send one request.
  const client = createSignStash({ environment, clientId: 'bench', clientSecret: 'bench', lookUpFirst: false });
  app.use(signstash({ client }));
  app.get('/', async (_request, response) => {
    await response.signPdf(document, { filename: name, reference: `bench-${count++}` });
  });
}

/** Milliseconds, since the last call. */
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
app.get('/delay', (_request, response) => {
  response.json(delay.percentile(99) / 1e6);
  delay.reset();
});
process.stdin.resume().once('close', () => process.exit());
const server = app.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
