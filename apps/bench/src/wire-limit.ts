import { execFile } from 'node:child_process';
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

/** Writes the request bodies that a client would send, one file each, piece by piece. */
export async function prepareBodies(
  documents: readonly string[],
  batchSize: number,
  folder: string,
): Promise<string[]> {
  const bodies: string[] = [];
  for (let at = 0; at < documents.length; at += batchSize) {
    const path = join(folder, `${bodies.length}.json`);
    const file = createWriteStream(path);
    const write = (text: string) =>
      new Promise<void>((resolve, reject) => file.write(text, (error) => (error ? reject(error) : resolve())));
    await write(`{"externalReference":"request-${at}","description":"bench","returnSignedContent":true,"documents":[`);
    for (const [index, document] of documents.slice(at, at + batchSize).entries()) {
      const name = basename(document);
      const facts = `"externalReference":"${name}","name":"${name}","contentType":"application/pdf"`;
      await write(`${index > 0 ? ',' : ''}{"documentRequest":{${facts},"base64Content":"`);
      await write(readFileSync(document).toString('base64'));
      await write('"},"signatureInfo":{"signatureType":"PAdES","applyTimestamp":false}}');
    }
    await write(']}');
    await new Promise<void>((resolve) => file.end(resolve));
    bodies.push(path);
  }
  return bodies;
}

/** Posts prepared bytes with curl and saves the answers: what the wire and the disk allow, with no work on the documents. */
export async function curlPosts(
  url: string,
  bodies: readonly string[],
  concurrency: number,
  folder: string,
): Promise<number> {
  const config = join(folder, 'curl.txt');
  const request = (body: string) =>
    [
      `url = "${url}/api/api/v0/document/sign/base64/"`,
      `data-binary = "@${body}"`,
      'header = "content-type: application/json"',
      'header = "authorization: Bearer token"',
      'header = "expect:"',
      `output = "${body}.answer"`,
    ].join('\n');
  writeFileSync(config, bodies.map(request).join('\nnext\n'));
  const started = performance.now();
  const args = [
    '--silent',
    '--fail',
    '--parallel',
    '--parallel-immediate',
    '--parallel-max',
    String(concurrency),
    '--config',
    config,
  ];
  await promisify(execFile)('curl', args);
  return performance.now() - started;
}
