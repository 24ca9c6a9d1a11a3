import type { SignStashOptions } from '../../src/index.ts';

/** A document of the service's answer, its content aside. */
export interface DescribedDocument {
  externalReference: string;
  contentLength?: number;
}

export type Tamper = (content: Buffer, document: DescribedDocument) => Buffer;

/** The service, reached through something that changes the contents of its answers. */
export function tampering(tamper: Tamper): NonNullable<SignStashOptions['fetch']> {
  return async (url, init) => {
    const response = await fetch(url, init);
    if (!/sign\/(base64\/?$|detail)/.test(url) || !response.ok) return response;
    const operation = (await response.json()) as { documentList: (DescribedDocument & { signedContent?: string })[] };
    for (const document of operation.documentList) {
      if (document.signedContent === undefined) continue;
      document.signedContent = tamper(Buffer.from(document.signedContent, 'base64'), document).toString('base64');
    }
    return new Response(JSON.stringify(operation), { status: response.status });
  };
}
