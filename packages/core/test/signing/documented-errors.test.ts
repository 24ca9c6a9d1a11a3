import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SignResult } from '../../src/index.ts';
import { impatient } from '../support/sandbox-client.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { documentedService, documents, refusal, type SignRequest } from './support/documented-service.ts';

const outcomes = (results: readonly SignResult[]) =>
  results.map((result) => (result.ok ? 'signed' : result.error.code));
const count = (results: readonly { ok: boolean }[]) => results.filter(({ ok }) => ok).length;
const withContent = ({ content }: { content: Uint8Array }) => Buffer.from(content).subarray(-6).toString() === 'signed';
const html = { status: 502, body: '<html><title>Bad Gateway</title></html>', headers: { 'content-type': 'text/html' } };
const once = (signatures: Record<string, number>) => expect(new Set(Object.values(signatures))).toEqual(new Set([1]));

describe('a document named by an operation is never sent again', () => {
  it.each([
    ['null', null],
    ['empty', []],
  ])('if the documentList of the answer is %s, the operation is asked for by its id', async (_, documentList) => {
    const service = await documentedService({
      unique: false,
      afterSign: (_request, { id }) => ({ status: 200, body: { id, status: 'EXECUTED', documentList } }),
    });
    const results = await service.client().signMany(documents(3));
    expect(results.map((result) => result.ok && withContent(result))).toEqual([true, true, true]);
    expect(service.requests.sign).toBe(1);
    once(service.signatures);
  });

  it('if the operation does not list it either, the outcome is unknown and the error names the operation', async () => {
    const service = await documentedService({
      unique: false,
      afterSign: (_request, { id }) => ({ status: 200, body: { id, status: 'EXECUTED' } }),
      onDetail: (id) => ({ status: 200, body: { id: Number(id), status: 'EXECUTED', documentList: null } }),
    });
    const [result] = await service.client().signMany(documents(1));
    expect(result).toMatchObject({
      ok: false,
      error: { code: 'OUTCOME_UNKNOWN', operationId: '1', references: ['ref-0'], document: 'fatura-0.pdf' },
    });
    expect(service.requests.sign).toBe(1);
  });

  it('if a look-up names an operation that does not list it, the document is not sent', async () => {
    const service = await documentedService({ unique: false, onLookup: () => ({ status: 200, body: '7' }) });
    service.operations.set('7', { id: 7, status: 'EXECUTED', documents: [] });
    const results = await service.client().signMany(documents(2));
    expect(results).toMatchObject(Array(2).fill({ error: { code: 'OUTCOME_UNKNOWN', operationId: '7' } }));
    expect(service.requests.sign).toBe(0);
  });

  it('if the answer lists some documents only, the others are asked for', async () => {
    const service = await documentedService({
      unique: false,
      afterSign: (_request, { id, documents: [first] }) => ({
        status: 200,
        body: { id, status: 'EXECUTED', documentList: [first] },
      }),
    });
    const results = await service.client().signMany(documents(3));
    expect(results.map((result) => result.ok && result.recovered)).toEqual([false, false, false]);
    expect(service.requests).toMatchObject({ sign: 1, detail: 1 });
  });

  it('if its entry has no reference, the operation is asked for by its id', async () => {
    const service = await documentedService({
      unique: false,
      afterSign: (_request, { id }) => ({ status: 200, body: { id, status: 'EXECUTED', documentList: [{}] } }),
    });
    expect(outcomes(await service.client().signMany(documents(2)))).toEqual(['signed', 'signed']);
    expect(service.requests.sign).toBe(1);
  });

  it('if the operation cannot be asked for, the outcome is unknown', async () => {
    const service = await documentedService({
      unique: false,
      afterSign: (_request, { id }) => ({ status: 200, body: { id, status: 'EXECUTED' } }),
      onDetail: () => refusal(403, null, 'Forbidden'),
    });
    expect(await service.client().signMany(documents(1))).toMatchObject([
      { ok: false, error: { code: 'OUTCOME_UNKNOWN', operationId: '1', message: expect.stringContaining('403') } },
    ]);
    expect(service.requests.sign).toBe(1);
  });

  it('if it is listed twice, the entry that is signed counts', async () => {
    const service = await documentedService({
      afterSign: (_request, operation) => {
        const [entry] = operation.documents;
        operation.documents.unshift({ externalReference: 'ref-0', signStatus: 'ERROR_SIGNING' });
        const documentList = [{ externalReference: 'ref-0', signStatus: 'ERROR_SIGNING' }, entry];
        return { status: 200, body: { id: operation.id, status: 'EXECUTED', documentList } };
      },
    });
    expect(outcomes(await service.client().signMany(documents(1)))).toEqual(['signed']);
  });

  it('if it is known to be signed and its content cannot be fetched, the error says that it is signed and names the operation', async () => {
    const service = await documentedService({
      afterSign: (_request, { id, documents: [entry] }) => ({
        status: 200,
        body: { id, status: 'EXECUTED', documentList: [{ ...entry, signedContent: undefined }] },
      }),
      onDetail: () => html,
    });
    expect(await service.client().signMany(documents(1))).toMatchObject([
      { ok: false, error: { code: 'CONTENT_UNAVAILABLE', operationId: '1', message: expect.stringContaining('502') } },
    ]);
    expect(service.requests.sign).toBe(1);
  });
});

describe('after a lost answer', () => {
  /** Answers 504 at once while it still processes the request; look-ups find the operation only later. */
  const slowService = (visibleAfterLookups: number, unique: boolean) => {
    let service: Awaited<ReturnType<typeof documentedService>>;
    const hidden: SignRequest[] = [];
    return documentedService({
      unique,
      afterSign: (request) => {
        if (request.number > 1) return undefined;
        for (const { reference } of request.documents) service.byReference.delete(reference);
        hidden.push(request);
        return { status: 504, body: '<html><title>Gateway Timeout</title></html>' };
      },
      beforeSign: (request) => {
        // The service knows the references, even though its look-up does not show them yet.
        if (request.number > 1 && hidden.length > 0) return refusal(409, '0.0.7', 'Already exists');
        return undefined;
      },
      onLookup: (_reference, number) => {
        if (number < visibleAfterLookups) return undefined;
        for (const { documents: sent } of hidden.splice(0))
          for (const { reference } of sent) service.byReference.set(reference, '1');
        return undefined;
      },
    }).then((made) => {
      service = made;
      return made;
    });
  };

  it('a reference that the service calls taken is looked up until it is found', async () => {
    const service = await slowService(15, true);
    const results = await service.client({ lookUpFirst: false }).signMany(documents(2));
    expect(results.map((result) => result.ok && result.recovered)).toEqual([true, true]);
    expect(service.requests.sign).toBe(2);
    once(service.signatures);
  });

  it('a reference that is taken and never found is unknown, not refused', async () => {
    const service = await slowService(Number.POSITIVE_INFINITY, true);
    const client = service.client({ lookUpFirst: false, retry: { ...impatient, pendingMs: 80 } });
    expect(outcomes(await client.signMany(documents(2)))).toEqual(['OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN']);
    expect(service.requests.sign).toBe(2);
    once(service.signatures);
  });

  it('the same group keeps its request reference on every attempt, and a part of it has another one', async () => {
    const service = await documentedService({
      beforeSign: ({ number }) => (number === 1 ? { status: 500 } : undefined),
    });
    await service.client({ lookUpFirst: false }).signMany(documents(3));
    const other = await documentedService();
    await other.client({ lookUpFirst: false }).signMany([...documents(3)].reverse());
    await other.client({ lookUpFirst: false }).signMany(documents(4).slice(3));
    const [first, second, third] = [...service.signRequests, ...other.signRequests].map(({ reference }) => reference);
    expect(second).toBe(first);
    expect(third).toBe(first);
    expect(other.signRequests[1]?.reference).not.toBe(first);
    expect(first?.startsWith('PRT.1-a-')).toBe(true);
  });

  it('an outcome that stays open after the last attempt is unknown, not failed', async () => {
    const service = await documentedService({ beforeSign: () => refusal(500, '0.0.1', 'Unhandled error') });
    const results = await service.client({ retry: { ...impatient, attempts: 2 } }).signMany(documents(1));
    expect(results).toMatchObject([{ error: { code: 'OUTCOME_UNKNOWN', message: expect.stringContaining('0.0.1') } }]);
    expect(service.requests.sign).toBe(2);
  });

  it('a refusal of the second attempt does not settle the first one', async () => {
    const service = await documentedService({
      beforeSign: ({ number }) => (number === 1 ? { status: 0 } : refusal(500, '0.0.6', 'Bad parameter')),
    });
    expect(outcomes(await service.client().signMany(documents(1)))).toEqual(['OUTCOME_UNKNOWN']);
  });

  it('refused credentials on the way to a look-up leave the outcome unknown', async () => {
    const service = await documentedService({
      afterSign: () => ({ status: 0 }),
      onLookup: () => refusal(401, '1.1.1', 'Client service inactive'),
    });
    const results = await service.client({ lookUpFirst: false }).signMany(documents(2));
    expect(outcomes(results)).toEqual(['OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN']);
    expect(service.requests.lookup).toBeLessThanOrEqual(2);
  });
});

describe('a reference that is taken on a first attempt', () => {
  it('belongs to an earlier request, as the error explains', async () => {
    const service = await documentedService({ beforeSign: () => refusal(409, '0.0.7', 'Already exists') });
    const client = service.client({ lookUpFirst: false, retry: { ...impatient, pendingMs: 50 } });
    expect(await client.signMany(documents(1))).toMatchObject([
      {
        error: {
          code: 'OUTCOME_UNKNOWN',
          hint: expect.stringContaining('taken by an earlier request'),
          message: expect.stringContaining('0.0.7'),
        },
      },
    ]);
    expect(service.requests.sign).toBe(1);
  });

  it('does not keep the others of its request from being signed', async () => {
    const service = await documentedService();
    await service.client().signMany(documents(2));
    const results = await service.client({ lookUpFirst: false }).signMany(documents(5));
    expect(results.map((result) => result.ok && result.recovered)).toEqual([true, true, false, false, false]);
    once(service.signatures);
  });

  it('keeps the others from being sent if the operation does not say what it holds', async () => {
    const service = await documentedService({
      unique: false,
      beforeSign: ({ number }) => (number === 2 ? refusal(409, '0.0.7', 'Already exists') : undefined),
      // Blind for all but the first document.
      onLookup: (reference) => (reference === 'ref-0' ? undefined : { status: 404 }),
      onDetail: (id) => ({ status: 200, body: { id: Number(id), status: 'EXECUTED', documentList: [] } }),
    });
    await service.client({ lookUpFirst: false }).signMany(documents(3));
    const client = service.client({ lookUpFirst: false, retry: { ...impatient, pendingMs: 50 } });
    expect(outcomes(await client.signMany(documents(3)))).toEqual(Array(3).fill('OUTCOME_UNKNOWN'));
    once(service.signatures);
  });
});

describe('a look-up before sending', () => {
  it.each([
    ['403', refusal(403, null, 'Forbidden'), '403'],
    ['409', refusal(409, null, 'Conflict'), '409'],
    ['500', refusal(500, '0.0.1', 'Unhandled error'), '0.0.1'],
    ['a web page with 200', { status: 200, body: '<html><title>Log in</title></html>' }, 'Log in'],
    ['a web page with 404', { status: 404, body: '<html><title>No backend</title></html>' }, 'No backend'],
    ['no answer', { status: 0 }, 'connection broke'],
  ])('that is answered by %s has failed: the document is not sent', async (_, said, why) => {
    const script = { unique: false, onLookup: undefined as (() => typeof said) | undefined };
    const service = await documentedService(script);
    await service.client().signMany(documents(2));
    script.onLookup = () => said;
    const results = await service.client().signMany(documents(2));
    expect(results).toMatchObject(
      Array(2).fill({
        ok: false,
        error: {
          name: 'LookupError',
          code: 'LOOKUP_FAILED',
          retryable: true,
          message: expect.stringMatching(new RegExp(`^fatura-\\d\\.pdf was not sent: the look-up .*${why}`)),
        },
      }),
    );
    expect(service.requests.sign).toBe(1);
    once(service.signatures);
  });

  it('may report "not found" by a 500 with that message, or by an id of 0', async () => {
    for (const said of [refusal(500, '0.0.1', 'Unhandled error', 'Operation not found'), { status: 200, body: '0' }]) {
      const service = await documentedService({ onLookup: () => said });
      expect(outcomes(await service.client().signMany(documents(2)))).toEqual(['signed', 'signed']);
    }
  });
});

describe('a refused request', () => {
  const refusing =
    (bad: readonly string[], answerFor: (reference: string) => ReturnType<typeof refusal>) =>
    ({ documents: sent }: SignRequest) => {
      const found = sent.find(({ reference }) => bad.includes(reference));
      return found && answerFor(found.reference);
    };

  it.each([
    ['0.0.2', 500],
    ['0.0.4', 500],
    ['0.0.6', 500],
    ['2.2.1', 500],
    ['2.9.9', 409],
  ])('%s that names its document fails only that one', async (errorCode, status) => {
    const service = await documentedService({
      beforeSign: refusing(['ref-37'], () =>
        refusal(status, errorCode, 'Refused', 'Document fatura-37.pdf: the value is not accepted'),
      ),
    });
    const results = await service.client({ lookUpFirst: false }).signMany(documents(60));
    expect(count(results)).toBe(59);
    expect(results[37]).toMatchObject({
      error: {
        code: 'SERVICE_REJECTED',
        errorCode,
        document: 'fatura-37.pdf',
        references: ['ref-37'],
        message: expect.stringContaining('the value is not accepted'),
      },
    });
    expect(service.requests.sign).toBe(2);
    once(service.signatures);
  });

  it.each([0, 1, 3, 14, 15, 29, 30, 31, 44, 45, 58, 59])(
    'that names none is searched for document %i in at most 10 requests',
    async (bad) => {
      const service = await documentedService({
        beforeSign: refusing([`ref-${bad}`], () => refusal(500, '0.0.4', 'An attribute is too large')),
      });
      const results = await service.client({ lookUpFirst: false }).signMany(documents(60));
      expect(count(results)).toBe(59);
      expect(results[bad]).toMatchObject({ error: { code: 'SERVICE_REJECTED', errorCode: '0.0.4' } });
      expect(service.requests.sign).toBeLessThanOrEqual(10);
      expect(service.requests.lookup).toBeLessThanOrEqual(1);
      once(service.signatures);
    },
  );

  it('with several bad documents signs all the others, and the summary says what was split and why', async () => {
    const bad = ['ref-3', 'ref-4', 'ref-41'];
    const service = await documentedService({
      beforeSign: refusing(bad, () => refusal(500, '2.2.1', 'Visible elements not present')),
    });
    const batch = service.client({ lookUpFirst: false }).signAll(documents(60), { inMemory: true, batchSize: 60 });
    const failed: string[] = [];
    for await (const result of batch) if (!result.ok) failed.push(result.reference);
    expect(failed.sort()).toEqual(bad);
    expect(batch.summary).toMatchObject({ signed: 57, failed: 3 });
    expect(batch.summary.splits[0]).toEqual({
      documents: 60,
      errorCode: '2.2.1',
      reason: expect.stringContaining('Visible elements not present'),
    });
    once(service.signatures);
  });

  it('is bounded if every document is bad', async () => {
    const service = await documentedService({ beforeSign: () => refusal(400, null, 'Bad request') });
    const results = await service.client({ lookUpFirst: false }).signMany(documents(30));
    expect(count(results)).toBe(0);
    expect(service.requests.sign).toBeLessThanOrEqual(80);
  });

  it('with an unknown message, for a document that the service has, is recovered', async () => {
    const service = await documentedService();
    await service.client().signMany(documents(1));
    const again = await documentedService({
      beforeSign: () => ({ status: 422, body: { errorCode: 'DUPLICATE' } }),
      onLookup: () => ({ status: 200, body: '1' }),
    });
    again.operations.set('1', service.operations.get('1') as never);
    expect(outcomes(await again.client({ lookUpFirst: false }).signMany(documents(1)))).toEqual(['signed']);
  });
});

describe('a refused token', () => {
  it('with 409 0.0.10 in the middle of a batch leads to one renewal, and everything is signed', async () => {
    const service = await documentedService({
      beforeSign: ({ token, number }) =>
        number >= 3 && token === 't1' ? refusal(409, '0.0.10', 'Token expired or invalid') : undefined,
    });
    const batch = service.client().signAll(documents(120), { inMemory: true, batchSize: 20, concurrency: 2 });
    let signed = 0;
    for await (const result of batch) if (result.ok) signed++;
    expect(signed).toBe(120);
    expect(service.requests.token).toBe(2);
    once(service.signatures);
  });

  it('with 409 0.0.10 for the new token, too, fails with both possible causes', async () => {
    const service = await documentedService({ beforeSign: () => refusal(409, '0.0.10', 'Token expired or invalid') });
    const [result] = await service.client({ lookUpFirst: false }).signMany(documents(1));
    expect(result).toMatchObject({
      ok: false,
      error: {
        code: 'TOKEN_REFUSED',
        message: expect.stringContaining('0.0.10: Token expired or invalid'),
        hint: expect.stringMatching(/same environment.*einvoice-integration-client\.service\.domain/),
      },
    });
    expect(service.requests).toMatchObject({ token: 2, sign: 2 });
  });

  it.each([
    ['1.1.0', 401],
    ['1.1.1', 401],
    ['1.2.0', 403],
    ['1.3.0', 403],
    ['1.1.3', 409],
    ['1.9.9', 400],
    ['0.0.3', 500],
  ])('is not what %s means: it stops the batch, shows the message and renews nothing', async (errorCode, status) => {
    const service = await documentedService({
      beforeSign: () => refusal(status, errorCode, 'Licence inactive', 'Issuer 123 is off'),
    });
    const batch = service
      .client({ lookUpFirst: false })
      .signAll(documents(30), { inMemory: true, batchSize: 5, concurrency: 1 });
    const codes = new Set<unknown>();
    for await (const result of batch) codes.add(result.ok || result.error.code);
    expect(codes).toEqual(new Set(['ACCOUNT_REFUSED']));
    expect(batch.summary.stoppedBy).toMatchObject({
      code: 'ACCOUNT_REFUSED',
      errorCode,
      message: expect.stringContaining('Licence inactive: Issuer 123 is off'),
    });
    expect(batch.summary.stoppedBy?.hint).not.toMatch(/environment of the token/);
    expect(service.requests.token).toBe(1);
    expect(service.requests.sign).toBeLessThanOrEqual(2);
  });
});

describe('the journal', () => {
  it('does not keep a document in doubt that the service never received, so that the next run does not wait for it', async () => {
    const script: { beforeSign?: (request: SignRequest) => ReturnType<typeof refusal> | undefined } = {
      beforeSign: () => refusal(401, '1.1.1', 'Licence inactive'),
    };
    const service = await documentedService(script);
    const folder = temporaryFolder();
    const run = async () => {
      const results: { ok: boolean }[] = [];
      const settings = { retry: { ...impatient, lookupGraceMs: 60_000 } };
      const batch = service.client(settings).signAll(
        documents(3).map((document) => ({ ...document, output: join(folder, document.name) })),
        { journal: join(folder, 'journal') },
      );
      for await (const result of batch) results.push(result);
      return count(results);
    };
    expect(await run()).toBe(0);
    delete script.beforeSign;
    expect(await run()).toBe(3);
    once(service.signatures);
  });
});

describe('too many requests at once', () => {
  it.each([
    ['429', { status: 429 }],
    ['409 with a message', { status: 409, body: { errorCodeDescription: 'Too many request' } }],
  ])('%s: everything is signed, with lower concurrency', async (_, tooMany) => {
    const service = await documentedService({ maxParallel: 2, tooMany, signMs: 5 });
    const batch = service.client().signAll(documents(40), { inMemory: true, batchSize: 1, concurrency: 8 });
    let signed = 0;
    for await (const result of batch) if (result.ok) signed++;
    expect(signed).toBe(40);
    once(service.signatures);
    // Each document needs a look-up and a sign request.
    expect(service.requests.refusedForLoad).toBeLessThan(60);
  });

  it('for longer than the limit ends in RATE_LIMITED', async () => {
    const service = await documentedService({ beforeSign: () => ({ status: 429 }) });
    const client = service.client({ lookUpFirst: false, retry: { ...impatient, throttledMs: 100 } });
    expect(outcomes(await client.signMany(documents(1)))).toEqual(['RATE_LIMITED']);
  });
});

describe('through the proxy', () => {
  it('a reference that is taken and not found at the SaaS is unknown', async () => {
    const service = await documentedService({
      viaProxy: true,
      beforeSign: () => refusal(409, '0.0.7', 'Already exists'),
    });
    const client = service.client({ retry: { ...impatient, pendingMs: 50 } });
    expect(outcomes(await client.signMany(documents(1)))).toEqual(['OUTCOME_UNKNOWN']);
    expect(service.requests.sign).toBe(1);
  });
});
