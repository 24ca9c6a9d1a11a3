import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A minimal Sign'Stash: issues a token and returns each document unchanged, at the lowest possible cost. */
const marks = { content: '"base64Content":"', reference: '"externalReference":"' };

const server = createServer((req, res) => {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => {
    res.setHeader('Content-Type', 'application/json');
    if (req.url!.endsWith('/oauth/token')) {
      res.end('{"access_token":"not-a-real-token","token_type":"bearer","expires_in":86399,"scope":"read write"}');
      return;
    }
    const body = Buffer.concat(chunks);
    const content = between(body, marks.content);
    // The request's own reference comes first, its document's after.
    const document = between(body.subarray(body.indexOf('"documents"')), marks.reference).toString();
    const head = `{"id":1,"type":"SIGN","status":"EXECUTED","documentList":[{"externalReference":"${document}","name":"a.pdf","contentType":"application/pdf","signStatus":"SIGNED","signedContent":"`;
    res.end(Buffer.concat([Buffer.from(head), content, Buffer.from('"}]}')]));
  });
});
server.listen(0, '127.0.0.1', () => console.log(`Listening on ${(server.address() as AddressInfo).port}`));

function between(body: Buffer, mark: string): Buffer {
  const start = body.indexOf(mark) + mark.length;
  return body.subarray(start, body.indexOf('"', start));
}
