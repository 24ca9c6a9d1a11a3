import { SpanStatusCode, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { createSignStash } from '@signstash-connect/core';
import { MemoryTokenStore } from '@signstash-connect/core/adapter/node';
import { accessTo, simplePdf, startTestSandbox } from '@signstash-connect/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { traceSignStash } from '../examples/opentelemetry/app.ts';

const exporter = new InMemorySpanExporter();
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
traceSignStash();
beforeEach(() => exporter.reset());

const spans = (name: string): ReadableSpan[] => exporter.getFinishedSpans().filter((span) => span.name === name);

describe('the OpenTelemetry recipe', () => {
  it('makes spans of the token, the requests and the documents, and no attribute contains a secret', async () => {
    const sandbox = await startTestSandbox();
    const tokens: string[] = [];
    const store = new MemoryTokenStore();
    const tokenStore = {
      get: (key: string) => store.get(key),
      set(key: string, token: Parameters<typeof store.set>[1], ttlMs: number) {
        tokens.push(token.accessToken);
        return store.set(key, token, ttlMs);
      },
    };
    const client = createSignStash({ ...accessTo(sandbox), tokenStore });
    const results = await client.signMany(
      [1, 2].map((number) => ({ content: simplePdf(`${number}`), key: `${number}` })),
    );
    expect(results.every(({ ok }) => ok)).toBe(true);

    const [token] = spans('signstash token').filter(
      ({ attributes }) => attributes['http.request.method'] === undefined,
    );
    const [tokenRequest] = spans('signstash token').filter(({ attributes }) => attributes['http.request.method']);
    expect(tokenRequest?.parentSpanContext?.spanId).toBe(token?.spanContext().spanId);
    const [signRequest] = spans('signstash sign');
    expect(signRequest?.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.response.status_code': 200,
      'signstash.references': results.map(({ reference }) => reference),
    });
    const documents = spans('signstash document').map(({ attributes }) => attributes['signstash.reference']);
    expect(documents).toEqual(results.map(({ reference }) => reference));

    const { clientId, clientSecret } = accessTo(sandbox);
    const exported = JSON.stringify(
      exporter.getFinishedSpans().map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
    );
    expect(tokens.length).toBeGreaterThan(0);
    const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
    for (const secret of [clientSecret, basic, ...tokens]) expect(exported).not.toContain(secret);
    expect(exported).not.toMatch(/bearer|client_secret/i);
  });

  it('marks the span of a document that failed with its error code', async () => {
    const sandbox = await startTestSandbox();
    sandbox.admin.addFault({ kind: 'document-error' });
    await createSignStash(accessTo(sandbox)).signMany([{ content: simplePdf('failing') }]);
    const [document] = spans('signstash document');
    expect(document?.status.code).toBe(SpanStatusCode.ERROR);
    expect(document?.attributes).toMatchObject({ 'error.type': 'DOCUMENT_FAILED' });
  });
});
