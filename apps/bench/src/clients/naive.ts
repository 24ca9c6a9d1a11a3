// The client that most people write first: a token and a request per document, one after the other.
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readJob, report } from '../job.ts';

const { url, documents, output } = readJob();

await report(async () => {
  for (const path of documents) {
    const token = await fetch(`${url}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('bench:bench')}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials',
    });
    const { access_token } = (await token.json()) as { access_token: string };
    const name = basename(path);
    const response = await fetch(`${url}/api/api/v0/document/sign/base64/`, {
      method: 'POST',
      headers: { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        externalReference: `request-${name}`,
        description: 'bench',
        documents: [
          {
            documentRequest: {
              externalReference: name,
              name,
              contentType: 'application/pdf',
              base64Content: (await readFile(path)).toString('base64'),
            },
            signatureInfo: { signatureType: 'PAdES', applyTimestamp: false },
          },
        ],
        returnSignedContent: true,
      }),
    });
    const { documentList } = (await response.json()) as { documentList: { signedContent: string }[] };
    await writeFile(join(output, name), Buffer.from(documentList[0]?.signedContent ?? '', 'base64'));
  }
  return documents.length;
});
