import { afterEach, describe, expect, test } from 'vitest';
import type { Fault } from '../../src/index.ts';
import { bytesDocument, referenceOf, requestToken, sandboxForTests, signBase64, someDocuments, Talk } from './talk.ts';

const sandbox = await sandboxForTests();
const { admin } = sandbox;
const talk = new Talk(sandbox);
await talk.token();
afterEach(() => admin.clearFaults());

/** What a client sees: a status, or the connection cut. */
async function outcome(answer: Promise<Response>): Promise<number | 'cut'> {
  return answer.then(
    ({ status }) => status,
    () => 'cut' as const,
  );
}

/** Sends one document while a fault waits for it; returns what the client received and the state of the document. */
async function signWith(fault: Fault) {
  const document = someDocuments(1)[0]!;
  const reference = referenceOf(document);
  admin.addFault({ endpoint: 'sign', ...fault });
  const seen = await outcome(talk.sign(document));
  return { seen, reference, known: async () => (await talk.lookUp(reference)).status === 200 };
}

const signedCount = (reference: string) => admin.counts().signedByReference[reference] ?? 0;

describe('faults before anything is registered', () => {
  test.each<[Fault, number | 'cut']>([
    [{ kind: 'drop' }, 'cut'],
    [{ kind: 'server-error' }, 500],
    [{ kind: 'server-error', status: 503 }, 503],
    [{ kind: 'html' }, 503],
    [{ kind: 'html', status: 200 }, 200],
    [{ kind: 'empty', phase: 'before', status: 204 }, 204],
    [{ kind: 'unauthorized' }, 401],
    [{ kind: 'rate-limit' }, 429],
    [{ kind: 'reject' }, 500],
    [{ kind: 'token-conflict' }, 409],
    [{ kind: 'licence' }, 401],
    [{ kind: 'quota' }, 403],
  ])('%j', async (fault, expected) => {
    const { seen, known, reference } = await signWith(fault);
    expect(seen).toBe(expected);
    expect(await known()).toBe(false);
    expect(signedCount(reference)).toBe(0);
  });
});

describe('faults while the service is working', () => {
  test.each<[Fault, number | 'cut']>([
    [{ kind: 'drop', phase: 'processing' }, 'cut'],
    [{ kind: 'server-error', status: 504, phase: 'processing' }, 504],
    [{ kind: 'html', status: 504, phase: 'processing' }, 504],
  ])('%j', async (fault, expected) => {
    const { seen, known, reference } = await signWith(fault);
    expect(seen).toBe(expected);
    await expect.poll(() => signedCount(reference)).toBe(1);
    expect(await known()).toBe(true);
  });

  test('latency leaves the operation pending, with its documents received', async () => {
    const document = bytesDocument('slow');
    admin.addFault({ kind: 'latency', phase: 'processing', delayMs: 400 });
    const answer = talk.sign(document);
    await expect.poll(async () => (await talk.lookUp('slow')).status).toBe(200);
    const id = Number(await (await talk.lookUp('slow')).text());
    expect(await talk.detail(id, true)).toMatchObject({
      status: 'PENDING_EXECUTION',
      documentList: [{ signStatus: 'RECEIVED', storageStatus: 'CONTENT_NOT_STORED' }],
    });
    expect((await talk.call(`api/v0/operation/sign/detail/${id}/documents`)).status).toBe(404);
    expect((await answer).status).toBe(200);
    expect(await talk.status(id)).toBe('EXECUTED');
  });

  test('a client that disconnects does not stop the operation', async () => {
    const document = bytesDocument('hung-up');
    admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'processing', delayMs: 200 });
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ externalReference: 'hung-up-request', description: '', documents: [document] });
    const leave = new AbortController();
    const answer = talk.call(signBase64, { method: 'POST', headers, body, signal: leave.signal });
    await expect.poll(async () => (await talk.lookUp('hung-up')).status).toBe(200);
    leave.abort();
    await expect(answer).rejects.toThrow();
    await expect.poll(() => signedCount('hung-up')).toBe(1);
  });
});

describe('faults after signing', () => {
  test.each<[Fault, number | 'cut']>([
    [{ kind: 'drop', phase: 'after' }, 'cut'],
    [{ kind: 'server-error', status: 502, phase: 'after' }, 502],
    [{ kind: 'html', phase: 'after' }, 503],
    [{ kind: 'empty' }, 200],
  ])('%j', async (fault, expected) => {
    const { seen, known, reference } = await signWith(fault);
    expect(seen).toBe(expected);
    expect(await known()).toBe(true);
    expect(signedCount(reference)).toBe(1);
  });

  test('truncate sends complete headers and half a body', async () => {
    for (const [path, endpoint] of [
      [undefined, 'sign'],
      ['status', 'status'],
      ['documents', 'documents'],
    ] as const) {
      const { id } = await talk.signed(...someDocuments(1));
      admin.addFault({ kind: 'truncate', endpoint });
      const response =
        path === undefined
          ? await talk.sign(...someDocuments(1))
          : await talk.call(`api/v0/operation/${path === 'status' ? `status/${id}` : `sign/detail/${id}/documents`}`);
      expect(response.status).toBe(200);
      let received = 0;
      const reading = (async () => {
        for await (const chunk of response.body!) received += chunk.length;
      })();
      await expect(reading).rejects.toThrow();
      expect(received).toBeGreaterThan(0);
      const declared = response.headers.get('content-length');
      if (endpoint !== 'documents') expect(received).toBe(Math.floor(Number(declared) / 2));
    }
  });

  test('a refused request does not consume the fault', async () => {
    admin.addFault({ kind: 'drop', endpoint: 'sign', phase: 'after' });
    expect(await outcome(talk.post(signBase64, {}))).toBe(500);
    expect(await outcome(talk.sign(...someDocuments(1)))).toBe('cut');
  });

  test('latency delays the answer', async () => {
    admin.addFault({ kind: 'latency', phase: 'after', delayMs: 150 });
    const started = performance.now();
    expect((await talk.sign(...someDocuments(1))).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThanOrEqual(145);
  });
});

describe('answers of faults', () => {
  test('rate-limit and server-error send Retry-After', async () => {
    admin.addFault(
      { kind: 'rate-limit', retryAfterSeconds: 7 },
      { kind: 'server-error', status: 503, retryAfterSeconds: 2 },
    );
    const [first, second] = [await talk.lookUp('x'), await talk.lookUp('x')];
    expect([first.status, first.headers.get('retry-after')]).toEqual([429, '7']);
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '2']);
  });

  test('reject sends the configured message', async () => {
    admin.addFault({ kind: 'reject', status: 422, errorCode: 'E1', errorCodeDescription: 'what', causeMessage: 'why' });
    const response = await talk.lookUp('x');
    expect(response.status).toBe(422);
    expect(await response.json()).toEqual({ errorCode: 'E1', errorCodeDescription: 'what', causeMessage: 'why' });
  });

  test('unauthorized works at the API and at the token endpoint', async () => {
    admin.addFault({ kind: 'unauthorized', times: 2 });
    const api = await talk.lookUp('x');
    expect([api.status, api.headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"']);
    expect(await (await requestToken(sandbox)).json()).toEqual({
      error: 'unauthorized',
      error_description: 'Bad credentials',
    });
  });

  test('empty sends no body', async () => {
    const { id } = await talk.signed(...someDocuments(1));
    admin.addFault({ kind: 'empty', endpoint: 'status', status: 200 });
    const response = await talk.call(`api/v0/operation/status/${id}`);
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  test('quota answers as if the limit were reached', async () => {
    admin.addFault({ kind: 'quota' });
    expect((await talk.lookUp('x')).status).toBe(404);
    expect(await (await talk.sign(...someDocuments(1))).json()).toMatchObject({ errorCode: '1.4.0' });
  });
});

describe('operations after faults', () => {
  test.each(['execution-error', 'pending'] as const)(
    '%s is executed after the configured number of polls',
    async (kind) => {
      admin.addFault({ kind, pollsUntilExecuted: 2 });
      const document = someDocuments(1)[0]!;
      const early = kind === 'pending' ? 'PENDING_EXECUTION' : 'EXECUTION_ERROR';
      const { id, status, documentList } = await talk.signed(document);
      expect([status, documentList[0]!.signStatus]).toEqual([early, 'RECEIVED']);
      expect(await talk.status(id)).toBe(early);
      expect((await talk.detail(id)).status).toBe(early);
      expect(signedCount(referenceOf(document))).toBe(0);
      expect(await talk.status(id)).toBe('EXECUTED');
      expect((await talk.detail(id, true)).documentList[0]).toMatchObject({ signStatus: 'SIGNED', signedContent: /./ });
      expect(signedCount(referenceOf(document))).toBe(1);
    },
  );

  test('execution-error is executed after the configured time', async () => {
    admin.addFault({ kind: 'execution-error', delayMs: 150 });
    const { id, status } = await talk.signed(...someDocuments(1));
    expect(status).toBe('EXECUTION_ERROR');
    await expect.poll(() => talk.status(id)).toBe('EXECUTED');
  });

  test('concurrent polls execute the operation once', async () => {
    admin.addFault({ kind: 'pending', pollsUntilExecuted: 0 });
    const document = someDocuments(1)[0]!;
    const { id } = await talk.signed(document);
    await Promise.all(Array.from({ length: 5 }, () => talk.status(id)));
    await expect.poll(() => signedCount(referenceOf(document))).toBe(1);
  });

  test('execution-failed is final and signs nothing', async () => {
    admin.addFault({ kind: 'execution-failed', signError: 'CERT_SERVICE_GLOBAL_ERROR' });
    const { id, status, documentList } = await talk.signed(...someDocuments(2));
    expect(status).toBe('EXECUTION_FAILED');
    for (const document of documentList) {
      expect(document).toMatchObject({ signStatus: 'ERROR_SIGNING', signError: 'CERT_SERVICE_GLOBAL_ERROR' });
    }
    expect(await talk.status(id)).toBe('EXECUTION_FAILED');
  });

  test('document-error signs the other documents', async () => {
    const documents = someDocuments(4).map(referenceOf);
    admin.addFault(
      { kind: 'document-error', reference: documents[1]!, signError: 'TIMESTAMP_SIGN_ERROR' },
      { kind: 'document-error', reference: documents[3]! },
    );
    const { status, documentList } = await talk.signed(...documents.map((reference) => bytesDocument(reference)));
    const errors = Object.fromEntries(documentList.map((document) => [document.externalReference, document.signError]));
    expect(status).toBe('EXECUTED');
    expect(errors).toEqual({
      [documents[0]!]: null,
      [documents[1]!]: 'TIMESTAMP_SIGN_ERROR',
      [documents[2]!]: null,
      [documents[3]!]: 'CERT_SERVICE_GLOBAL_ERROR',
    });
  });
});

describe('the selection of requests', () => {
  test('works by endpoint and number of times, oldest fault first', async () => {
    admin.addFault({ kind: 'server-error', endpoint: 'status', times: 2 }, { kind: 'html', endpoint: 'any' });
    const { status } = await talk.lookUp('x');
    expect(status).toBe(503);
    const statuses = [];
    for (let index = 0; index < 3; index += 1) statuses.push((await talk.call('api/v0/operation/status/1')).status);
    expect(statuses).toEqual([500, 500, 404]);
  });

  test('several phases apply to one request', async () => {
    const document = bytesDocument('struck-twice');
    admin.addFault({ kind: 'latency', delayMs: 10 }, { kind: 'drop', phase: 'after' });
    expect(await outcome(talk.sign(document))).toBe('cut');
    expect(admin.requests().at(-1)).toMatchObject({ endpoint: 'sign', faults: ['latency', 'drop'] });
    expect(signedCount('struck-twice')).toBe(1);
  });

  test.each<[Fault | object, RegExp]>([
    [{ kind: 'explode' }, /Unknown kind of fault: explode/],
    [{ kind: 'drop', endpoint: 'signn' }, /Unknown endpoint: signn/],
    [{ kind: 'drop', service: 'moon' }, /Unknown service: moon/],
    [{ kind: 'drop', times: 0 }, /times must be/],
    [{ kind: 'latency' }, /needs delayMs/],
    [{ kind: 'truncate', phase: 'before' }, /cannot apply in phase before/],
    [{ kind: 'drop', phase: 'later' }, /cannot apply in phase later/],
    [{ kind: 'drop', endpoint: 'status', phase: 'processing' }, /Only sign requests are processed/],
    [{ kind: 'pending', endpoint: 'status' }, /pending cannot apply to endpoint status/],
    [{ kind: 'wrong-content', endpoint: 'status', as: 'html' }, /cannot apply to endpoint status/],
    [{ kind: 'wrong-content' }, /needs as/],
    [{ kind: 'refuse-document' }, /needs reference/],
    [{ kind: 'drop', delay: 5 }, /has no setting delay\. Settings: kind, endpoint, service, times, phase/],
    [{ kind: 'quota', endpoint: 'token' }, /quota cannot apply to endpoint token/],
  ])('refuses %j, which could never apply', (fault, message) => {
    expect(() => admin.addFault(fault as Fault)).toThrow(message);
  });
});

test('close does not wait for delayed answers', async () => {
  const closing = await sandboxForTests();
  const other = new Talk(closing);
  await other.token();
  closing.admin.addFault({ kind: 'latency', phase: 'processing', delayMs: 60_000 });
  const answer = outcome(other.sign(...someDocuments(1)));
  await expect.poll(() => closing.admin.counts().requests.sign).toBe(1);
  await closing.close();
  expect(await answer).toBe('cut');
});
