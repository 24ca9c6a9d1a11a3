// A minimal Sign'Stash for measuring clients. It follows the wire format and answers every document with its own content and the
// signature update of a template, so that a client's checks pass. Runs in its own process and prints its address on one line.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { SignedDocuments } from './signed-documents.ts';
import { ValueScanner } from './value-scanner.ts';

const [documentBytes = 204_800, tokenDelayMs = 0, documentDelayMs = 0] = process.argv.slice(2).map(Number);
/** Too small for a PDF: nothing will be signed. */
const documents = documentBytes < 1_000 ? undefined : await SignedDocuments.create(documentBytes);
const counts = { tokens: 0, requests: 0, documents: 0 };

const server = createServer((request, response) => {
  const path = request.url ?? '';
  if (path === '/counts') json(response, 200, counts);
  else if (path === '/token') void issueToken(request, response);
  else {
    counts.requests++;
    if (path.includes('/withDocumentExternalReference/')) json(response, 404, { errorCode: 'NOT_FOUND' });
    else if (path.includes('/operation/status/')) json(response, 200, { id: 1, type: 'SIGN', status: 'EXECUTED' });
    else sign(request, response);
  }
});
// End with the parent, also when that is killed.
process.stdin.resume().once('close', () => process.exit());
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));

async function issueToken(request: IncomingMessage, response: ServerResponse): Promise<void> {
  counts.tokens++;
  request.resume();
  await sleep(tokenDelayMs);
  json(response, 200, { access_token: 'token', token_type: 'bearer', expires_in: 86_399 });
}

/** Collects references and names as the body passes; keeps nothing else of it, so that the sink is never the limit. */
function sign(request: IncomingMessage, response: ServerResponse): void {
  const references = new ValueScanner('externalReference');
  const names = new ValueScanner('name');
  request.on('data', (chunk: Buffer) => {
    references.add(chunk);
    names.add(chunk);
  });
  // The first reference is the request's own.
  request.on('end', () => void answer(response, references.found.slice(1), names.found));
}

async function answer(
  response: ServerResponse,
  references: readonly string[],
  names: readonly string[],
): Promise<void> {
  if (documentDelayMs > 0) await sleep(documentDelayMs * references.length);
  counts.documents += references.length;
  const pieces: (string | Buffer)[] = ['{"id":1,"type":"SIGN","status":"EXECUTED","documentList":['];
  // The service's order is unknown: reverse the request's.
  for (let at = references.length - 1; at >= 0; at--) {
    const [head, rest] = documents?.base64(Number.parseInt(names[at] ?? '', 10)) ?? ['', ''];
    const entry = `{"externalReference":"${references[at]}","signStatus":"SIGNED","signedContent":"`;
    pieces.push(entry, head, rest, at > 0 ? '"},' : '"}');
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
