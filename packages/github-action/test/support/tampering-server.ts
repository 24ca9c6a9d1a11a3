import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** Changes one byte of a page. */
export const changePage = (pdf: Buffer): void => {
  pdf[pdf.indexOf('Fatura')] = 0x66;
};

/** Changes the end of the signature value, which the digest of the content does not reveal. */
export const changeSignatureValue = (pdf: Buffer): void => {
  const start = pdf.indexOf('<', pdf.lastIndexOf('/Contents'));
  const hexadecimal = pdf.toString('latin1', start, pdf.indexOf('>', start));
  const last = start + hexadecimal.search(/[^0]0*$/);
  pdf[last] = pdf[last] === 0x31 ? 0x32 : 0x31;
};

/** Passes requests on, and changes every PDF that comes back signed. Returns its own base address. */
export async function tamperingWith(base: string, tamper = changePage): Promise<string> {
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
      tamper(pdf);
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
