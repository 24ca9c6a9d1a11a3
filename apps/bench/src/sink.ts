// A minimal Sign'Stash for measuring clients: follows the wire format, seals nothing, and answers every document with as many
// prepared bytes as it was told. Its own process; speaks to its parent by one line with its address.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const documentBytes = Number(process.argv[2] ?? 204_800);
const content = Buffer.from(Buffer.alloc(documentBytes, '%PDF-1.7 sealed ').toString('base64'));
const counts = { tokens: 0, requests: 0, documents: 0 };

createServer((request, response) => {
  const path = request.url ?? '';
  if (path === '/counts') return json(response, 200, counts);
  if (path === '/token') {
    counts.tokens++;
    return drain(request, () =>
      json(response, 200, { access_token: 'token', token_type: 'bearer', expires_in: 86_399 }),
    );
  }
  counts.requests++;
  if (path.includes('withDocumentExternalReference')) return json(response, 404, { errorCode: 'NOT_FOUND' });
  if (path.includes('/operation/status/')) return json(response, 200, { id: 1, status: 'EXECUTED' });
  const references = referencesIn(request);
  request.on('end', () => void answer(response, references.found));
}).listen(0, '127.0.0.1', function (this: unknown) {
  console.log(`http://127.0.0.1:${(this as { address(): AddressInfo }).address().port}`);
});

/** Collects the documents' references as the body passes; nothing of it is kept, so that the sink is never the limit. */
function referencesIn(request: IncomingMessage): { found: string[] } {
  const mark = Buffer.from('"externalReference":"');
  const found: string[] = [];
  let seam = Buffer.alloc(0);
  let first = true;
  request.on('data', (chunk: Buffer) => {
    const part = Buffer.concat([seam, chunk]);
    let at = 0;
    for (let next = part.indexOf(mark); next >= 0; next = part.indexOf(mark, at)) {
      const end = part.indexOf(0x22, next + mark.length);
      if (end < 0) break;
      // The first one is the request's own.
      if (!first) found.push(part.toString('latin1', next + mark.length, end));
      first = false;
      at = end;
    }
    seam = part.subarray(Math.max(at, part.length - 512));
  });
  return { found };
}

async function answer(response: ServerResponse, references: readonly string[]): Promise<void> {
  counts.documents += references.length;
  const pieces = [Buffer.from('{"id":1,"status":"EXECUTED","documentList":[')];
  // The service's order is unknown: not the request's.
  for (const [index, reference] of references.toReversed().entries()) {
    const head = `${index > 0 ? ',' : ''}{"externalReference":"${reference}","signStatus":"SIGNED","signedContent":"`;
    pieces.push(Buffer.from(head), content, Buffer.from('"}'));
  }
  pieces.push(Buffer.from(']}'));
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': length });
  for (const piece of pieces) {
    if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve));
  }
  response.end();
}

function drain(request: IncomingMessage, then: () => void): void {
  request.resume().once('end', then);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text);
}
