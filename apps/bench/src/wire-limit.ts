import { execFile } from 'node:child_process';
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

/** Request bodies on disk, and where they go. */
export interface PreparedBodies {
  paths: string[];
  endpoint: string;
  contentType: string;
}

type Format = 'json' | 'multipart';

const boundary = 'bench-boundary';

/** Writes the request bodies that a client would send, one file each. */
export async function prepareBodies(
  format: Format,
  { documents, batchSize, folder }: { documents: readonly string[]; batchSize: number; folder: string },
): Promise<PreparedBodies> {
  const paths: string[] = [];
  for (let at = 0; at < documents.length; at += batchSize) {
    const path = join(folder, `${paths.length}.${format}`);
    const file = createWriteStream(path);
    for (const piece of pieces[format](`request-${at}`, documents.slice(at, at + batchSize))) {
      await new Promise<void>((resolve, reject) => file.write(piece, (error) => (error ? reject(error) : resolve())));
    }
    await new Promise<void>((resolve) => file.end(resolve));
    paths.push(path);
  }
  return format === 'json'
    ? { paths, endpoint: 'sign/base64/', contentType: 'application/json' }
    : { paths, endpoint: 'sign/', contentType: `multipart/form-data; boundary=${boundary}` };
}

const entry = (document: string, content: string) => {
  const name = basename(document);
  const facts = `"externalReference":"${name}","name":"${name}","contentType":"application/pdf"${content}`;
  return `{"documentRequest":{${facts}},"signatureInfo":{"signatureType":"PAdES","applyTimestamp":false}}`;
};

const head = (reference: string) =>
  `{"externalReference":"${reference}","description":"bench","returnSignedContent":true,"documents":[`;

const pieces: Record<Format, (reference: string, documents: readonly string[]) => Generator<string | Buffer>> = {
  *json(reference, documents) {
    yield head(reference);
    for (const [index, document] of documents.entries()) {
      const [before = '', after = ''] = entry(document, ',"base64Content":"#"').split('#');
      yield `${index > 0 ? ',' : ''}${before}`;
      yield readFileSync(document).toString('base64');
      yield after;
    }
    yield ']}';
  },
  *multipart(reference, documents) {
    const part = (disposition: string, type: string) =>
      `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: ${type}\r\n\r\n`;
    const entries = documents.map((document) => entry(document, ''));
    yield `${part('name="signRequest"', 'application/json')}${head(reference)}${entries.join(',')}]}\r\n`;
    for (const document of documents) {
      yield part(`name="files"; filename="${basename(document)}"`, 'application/pdf');
      yield readFileSync(document);
      yield '\r\n';
    }
    yield `--${boundary}--\r\n`;
  },
};

/**
 * Posts prepared bytes with curl and saves the answers: what the wire, the sink and the disk allow, with no work on the documents.
 *
 * @returns Milliseconds.
 */
export async function curlPosts(url: string, bodies: PreparedBodies, concurrency: number): Promise<number> {
  const { paths, endpoint, contentType } = bodies;
  const answer = (path: string) => `${path}.answer`;
  const request = (path: string) =>
    [
      `url = "${url}/api/api/v0/document/${endpoint}"`,
      'request = "POST"',
      // Streams; data-binary would first read every body into memory.
      `upload-file = "${path}"`,
      `header = "content-type: ${contentType}"`,
      'header = "authorization: Bearer token"',
      'header = "expect:"',
      `output = "${answer(path)}"`,
    ].join('\n');
  const config = `${paths[0]}.curl`;
  writeFileSync(config, paths.map(request).join('\nnext\n'));
  const parallel = ['--parallel', '--parallel-immediate', '--parallel-max', String(concurrency)];
  const started = performance.now();
  await promisify(execFile)('curl', ['--silent', '--fail', '--fail-early', ...parallel, '--config', config]);
  const ms = performance.now() - started;
  for (const path of paths) await rm(answer(path));
  return ms;
}
