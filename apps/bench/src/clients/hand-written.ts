// A good client written by hand: one token, many documents per request, several requests at once, JSON as one string.
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import axios from 'axios';
import { readJob, report } from '../job.ts';

const { url, documents, output, batchSize, concurrency } = readJob();

interface Answer {
  documentList: { externalReference: string; signedContent: string }[];
}

await report(async () => {
  const credentials = { username: 'bench', password: 'bench' };
  const token = await axios.post<{ access_token: string }>(`${url}/token`, 'grant_type=client_credentials', {
    auth: credentials,
  });
  const http = axios.create({
    baseURL: `${url}/api/api/v0`,
    headers: { authorization: `Bearer ${token.data.access_token}` },
    maxBodyLength: Number.POSITIVE_INFINITY,
    maxContentLength: Number.POSITIVE_INFINITY,
  });
  const batches: string[][] = [];
  for (let at = 0; at < documents.length; at += batchSize) batches.push(documents.slice(at, at + batchSize));
  const queue = batches.entries();
  const worker = async () => {
    for (const [index, batch] of queue) {
      const contents = await Promise.all(batch.map((path) => readFile(path)));
      const request = {
        externalReference: `request-${index}`,
        description: 'bench',
        documents: batch.map((path, position) => ({
          documentRequest: {
            externalReference: basename(path),
            name: basename(path),
            contentType: 'application/pdf',
            base64Content: contents[position]?.toString('base64'),
          },
          signatureInfo: { signatureType: 'PAdES', applyTimestamp: false },
        })),
        returnSignedContent: true,
      };
      const { data } = await http.post<Answer>('/document/sign/base64/', request);
      await Promise.all(
        data.documentList.map(({ externalReference, signedContent }) =>
          writeFile(join(output, externalReference), Buffer.from(signedContent, 'base64')),
        ),
      );
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return documents.length;
});
