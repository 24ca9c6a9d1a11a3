import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import { type Attributes, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

type Message = Record<string, unknown> & { error?: Error & { code?: string } };

/** Makes an OpenTelemetry span of every token, request and document. Call it once, before the first document is signed. */
export function traceSignStash(): void {
  const tracer = trace.getTracer('signstash');
  const spans = new WeakMap<object, Span>();
  // A request for a token happens within the work for the token: its span becomes the parent.
  const parents = new AsyncLocalStorage<Span>();

  for (const channel of ['token', 'request', 'sign']) {
    const { start, asyncEnd, error } = tracingChannel(`signstash:${channel}`);
    start.bindStore(parents, (data) => {
      const message = data as Message;
      const name = channel === 'sign' ? 'signstash document' : `signstash ${message.endpoint ?? channel}`;
      const kind = channel === 'request' ? SpanKind.CLIENT : SpanKind.INTERNAL;
      const parent = parents.getStore();
      const active = context.active();
      const span = tracer.startSpan(name, { kind }, parent ? trace.setSpan(active, parent) : active);
      spans.set(message, span);
      return span;
    });
    error.subscribe((data) => {
      const message = data as Message;
      spans.get(message)?.setStatus({ code: SpanStatusCode.ERROR, message: message.error?.message ?? '' });
    });
    asyncEnd.subscribe((data) => {
      const message = data as Message;
      const span = spans.get(message);
      span?.setAttributes(attributes(message));
      span?.end();
    });
  }
}

/** OpenTelemetry's attribute names for HTTP, and `signstash.` for the rest. */
function attributes({ error, url, method, status, id, result, ...rest }: Message): Attributes {
  const http = { 'url.full': url, 'http.request.method': method, 'http.response.status_code': status };
  const own = Object.entries(rest).map(([name, value]) => [`signstash.${name}`, value]);
  const all = Object.entries({
    ...http,
    ...Object.fromEntries(own),
    'error.type': error && (error.code ?? error.name),
  });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined)) as Attributes;
}
