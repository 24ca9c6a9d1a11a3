import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** Passes requests on, and changes one byte in the page of every PDF that comes back sealed. Returns its own base address. */
export async function tamperingWith(base: string): Promise<string> {
  const server = createServer(async (incoming, outgoing) => {
    const { method = 'GET', url = '', headers } = incoming;
    const { authorization = '', 'content-type': contentType } = headers;
    const answer = await fetch(base + url, {
      method,
      headers: { authorization, ...(contentType ? { 'content-type': contentType } : {}) },
      ...(method === 'POST' ? { body: Buffer.concat(await incoming.toArray()) } : {}),
    });
    const text = (await answer.text()).replace(/"signedContent":"([^"]+)"/g, (_, content: string) => {
      const pdf = Buffer.from(content, 'base64');
      pdf[pdf.indexOf('Fatura')] = 0x66;
      return `"signedContent":"${pdf.toString('base64')}"`;
    });
    outgoing.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(text);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
