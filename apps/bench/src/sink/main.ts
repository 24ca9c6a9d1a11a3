// A minimal Sign'Stash for measuring clients: follows the wire format, seals nothing, and answers every document with as many
// prepared bytes as it was told. Its own process; speaks to its parent by one line with its address.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReferenceScanner } from './reference-scanner.ts';
import { sealedContents } from './sealed-content.ts';

const [documentBytes = 204_800, tokenDelayMs = 0] = process.argv.slice(2).map(Number);
const contents = sealedContents(documentBytes);
const counts = { tokens: 0, requests: 0, documents: 0 };

const server = createServer((request, response) => {
  const path = request.url ?? '';
  if (path === '/counts') json(response, 200, counts);
  else if (path === '/token') void issueToken(request, response);
  else {
    counts.requests++;
    if (path.includes('/withDocumentExternalReference/')) json(response, 404, { errorCode: 'NOT_FOUND' });
    else if (path.includes('/operation/status/')) json(response, 200, { id: 1, type: 'SIGN', status: 'EXECUTED' });
    else seal(request, response);
  }
});
// Its parent may be killed, and then nobody else would end it.
process.stdin.resume().once('close', () => process.exit());
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));

async function issueToken(request: IncomingMessage, response: ServerResponse): Promise<void> {
  counts.tokens++;
  request.resume();
  await sleep(tokenDelayMs);
  json(response, 200, { access_token: 'token', token_type: 'bearer', expires_in: 86_399 });
}

/** Collects the documents' references as the body passes; nothing of it is kept, so that the sink is never the limit. */
function seal(request: IncomingMessage, response: ServerResponse): void {
  const scanner = new ReferenceScanner();
  request.on('data', (chunk: Buffer) => scanner.take(chunk));
  // The first reference is the request's own.
  request.on('end', () => void answer(response, scanner.found.slice(1)));
}

async function answer(response: ServerResponse, references: readonly string[]): Promise<void> {
  counts.documents += references.length;
  const pieces: (string | Buffer)[] = ['{"id":1,"type":"SIGN","status":"EXECUTED","documentList":['];
  // The service's order is unknown: not the request's.
  for (const [index, reference] of references.toReversed().entries()) {
    const [head, rest] = contents(reference);
    const facts = `${index > 0 ? ',' : ''}{"externalReference":"${reference}","signStatus":"SIGNED"`;
    pieces.push(`${facts},"signedContent":"${head}`, rest, '"}');
  }
  pieces.push(']}');
  const length = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': length });
  for (const piece of pieces) {
    if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve));
  }
  response.end();
}

function json(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text);
}
