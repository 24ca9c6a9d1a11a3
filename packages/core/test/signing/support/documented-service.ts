import type { ServerResponse } from 'node:http';
import {
  createSignStash,
  type Environment,
  onPremise,
  type SignStash,
  type SignStashOptions,
} from '../../../src/index.ts';
import { answer, readAll, serve, tokenBody } from '../../http/support/loopback.ts';
import { minimalPdf } from '../../support/minimal-pdf.ts';
import { impatient } from '../../support/sandbox-client.ts';

/** What one request is answered with instead of what the service would say. */
export interface ScriptedAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export interface SignRequest {
  readonly reference: string;
  readonly documents: readonly { readonly reference: string; readonly name: string; readonly base64: string }[];
  readonly token: string;
  /** Counts from 1. */
  readonly number: number;
}

export interface OperationView {
  readonly id: number;
  status: string;
  documents: { externalReference: string; signStatus: string; signError?: string; signedContent?: string }[];
}

type Scripted = ScriptedAnswer | undefined | Promise<ScriptedAnswer | undefined>;

/** How a service differs from one without failures. */
export interface Script {
  /** Before a sign request is processed. */
  beforeSign?: (request: SignRequest) => Scripted;
  /** After it was processed: replaces the answer, or changes the operation. */
  afterSign?: (request: SignRequest, operation: OperationView) => Scripted;
  /** Whether the server refuses a repeated document reference by 409 0.0.7, as documented, or signs it again. Default true. */
  unique?: boolean;
  onLookup?: ((reference: string, number: number) => Scripted) | undefined;
  onDetail?: (id: string, number: number) => Scripted;
  onToken?: (number: number) => ScriptedAnswer | undefined;
  /** Answers more requests than this at once with `tooMany`. */
  maxParallel?: number;
  tooMany?: ScriptedAnswer;
  /** Milliseconds that signing takes. */
  signMs?: number;
  viaProxy?: boolean;
}

/** The refusals of section 7 of the API reference. */
export const refusal = (status: number, errorCode: string | null, description: string, causeMessage?: string) => ({
  status,
  body: { errorCode, errorCodeDescription: description, causeMessage: causeMessage ?? null },
});

/** A service over real HTTP that answers as the API reference documents, except where a script says otherwise. */
export async function documentedService(script: Script = {}) {
  const operations = new Map<string, OperationView>();
  const byReference = new Map<string, string>();
  /** Signatures made and charged, by reference. */
  const signatures: Record<string, number> = {};
  const requests = { token: 0, sign: 0, lookup: 0, status: 0, detail: 0, refusedForLoad: 0 };
  const signRequests: SignRequest[] = [];
  let parallel = 0;
  let mostParallel = 0;
  const { unique = true, maxParallel = Number.POSITIVE_INFINITY, signMs = 0 } = script;

  /** Signs all documents of a request, wherever it came from. */
  function process(request: SignRequest): OperationView {
    const id = operations.size + 1;
    const documents = request.documents.map(({ reference, base64 }) => ({
      externalReference: reference,
      signStatus: 'SIGNED',
      signedContent: Buffer.concat([Buffer.from(base64, 'base64'), Buffer.from('signed')]).toString('base64'),
    }));
    for (const { reference } of request.documents) {
      signatures[reference] = (signatures[reference] ?? 0) + 1;
      byReference.set(reference, String(id));
    }
    const operation = { id, status: 'EXECUTED', documents };
    operations.set(String(id), operation);
    return operation;
  }

  const view = ({ id, status, documents }: OperationView, withContent: boolean) => ({
    id,
    type: 'SIGN',
    status,
    documentList: documents.map(({ signedContent, ...rest }) => ({
      ...rest,
      ...(withContent ? { signedContent } : {}),
    })),
  });

  async function sign(text: string, token: string): Promise<ScriptedAnswer> {
    const body = JSON.parse(text) as {
      externalReference: string;
      documents: { documentRequest: { externalReference: string; name: string; base64Content: string } }[];
    };
    const request: SignRequest = {
      reference: body.externalReference,
      token,
      number: ++requests.sign,
      documents: body.documents.map(({ documentRequest: { externalReference, name, base64Content } }) => ({
        reference: externalReference,
        name,
        base64: base64Content,
      })),
    };
    signRequests.push(request);
    const early = await script.beforeSign?.(request);
    if (early) return early;
    const taken = request.documents.find(({ reference }) => byReference.has(reference));
    if (unique && taken) return refusal(409, '0.0.7', 'Already exists', `externalReference ${taken.reference}`);
    const operation = process(request);
    return (await script.afterSign?.(request, operation)) ?? { status: 200, body: view(operation, true) };
  }

  async function route(method: string, path: string, text: string, token: string): Promise<ScriptedAnswer> {
    if (path.endsWith('/oauth/token')) {
      requests.token++;
      return script.onToken?.(requests.token) ?? { status: 200, body: tokenBody(`t${requests.token}`) };
    }
    if (method === 'POST') return sign(text, token);
    const [, reference] = /withDocumentExternalReference\/(.+)$/.exec(path) ?? [];
    if (reference !== undefined) {
      const known = byReference.get(reference);
      requests.lookup++;
      const said = await script.onLookup?.(reference, requests.lookup);
      return said ?? (known === undefined ? { status: 404, body: {} } : { status: 200, body: known });
    }
    const [, id = ''] = /(?:status|detail)\/(\d+)/.exec(path) ?? [];
    const operation = operations.get(id);
    if (path.includes('/status/')) {
      requests.status++;
      return operation
        ? { status: 200, body: { id: operation.id, status: operation.status } }
        : refusal(404, '0.0.6', 'Operation not found');
    }
    requests.detail++;
    const said = await script.onDetail?.(id, requests.detail);
    if (said) return said;
    if (!operation) return refusal(404, '0.0.6', 'Operation not found');
    return { status: 200, body: view(operation, path.endsWith('/true') && !script.viaProxy) };
  }

  const url = await serve(async (request, response) => {
    const { method = '', url: path = '', headers } = request;
    parallel++;
    mostParallel = Math.max(mostParallel, parallel);
    const refused = parallel > maxParallel && !path.endsWith('/oauth/token');
    try {
      const text = await readAll(request);
      if (refused) {
        requests.refusedForLoad++;
        send(response, script.tooMany ?? { status: 429 });
        return;
      }
      if (method === 'POST' && signMs > 0) await new Promise((resolve) => setTimeout(resolve, signMs));
      send(response, await route(method, path, text, headers.authorization?.replace(/^bearer /i, '') ?? ''));
    } catch {
      // The client went away.
    } finally {
      parallel--;
    }
  });

  const addresses = { tokenUrl: `${url}/oauth/token`, apiUrl: `${url}/einvoice-integration-ws` };
  return {
    signatures,
    requests,
    signRequests,
    process,
    /** Makes a processed request visible to look-ups, or hides it. */
    operations,
    byReference,
    get mostParallel() {
      return mostParallel;
    },
    client(settings: Partial<SignStashOptions> = {}, proxy: { saasSeesProxyDocuments?: boolean } = {}): SignStash {
      const environment: Environment = script.viaProxy
        ? onPremise({ proxyUrl: `${url}/einvoice-integration-client-ws`, authorizationServer: addresses, ...proxy })
        : addresses;
      // It appends a word instead of signing.
      const defaults = { retry: impatient, contentCheck: 'off' } as const;
      return createSignStash({ environment, clientId: 'PRT.1-a', clientSecret: 's', ...defaults, ...settings });
    },
  };
}

function send(response: ServerResponse, { status, body = '', headers = {} }: ScriptedAnswer): void {
  // As a gateway does it: the connection ends without an answer.
  if (status === 0) response.destroy();
  else answer(response, status, body, headers);
}

export const documents = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    content: minimalPdf(`Fatura ${index}`),
    name: `fatura-${index}.pdf`,
    reference: `ref-${index}`,
  }));
