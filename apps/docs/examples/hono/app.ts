import { fromEnv } from '@signstash-connect/core';
import { Hono } from 'hono';
import { problemDetails, sendSigned, signUpload } from './signstash.ts';

// SIGNSTASH_ENVIRONMENT, SIGNSTASH_CLIENT_ID and SIGNSTASH_CLIENT_SECRET
const signstash = fromEnv();

export const app = new Hono();
app.onError(problemDetails({ onProblem: ({ detail, hint }) => console.error(detail, hint) }));
app.post('/sign', signUpload(signstash));
app.get('/invoices/:number', async (c) => {
  const number = c.req.param('number');
  return sendSigned(c, signstash, await renderInvoice(number), { filename: `${number}.pdf`, reason: 'Invoice' });
});

/** Stands for your own PDF library. */
async function renderInvoice(number: string): Promise<Uint8Array> {
  const { readFile } = await import('node:fs/promises');
  return readFile(`invoices/${encodeURIComponent(number)}.pdf`);
}
