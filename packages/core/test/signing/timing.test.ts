import { describe, expect, it } from 'vitest';
import { type ClientSettings, SignStashClient } from '../../src/client.ts';
import { TimeoutError } from '../../src/errors/errors.ts';
import { defaultRetryPolicy, graceMs } from '../../src/signing/retry-policy.ts';
import type { TransportRequest, TransportResponse } from '../../src/signing/transport.ts';
import { VirtualTime } from './model/virtual-time.ts';

const respond = (status: number, body: unknown, headers: Record<string, string> = {}): TransportResponse => ({
  status,
  headers,
  body: (async function* () {
    yield Buffer.from(JSON.stringify(body));
  })(),
});

interface Call {
  readonly at: number;
  readonly endpoint: string;
}

/** A client in virtual time whose sign requests are answered by number; look-ups find nothing. */
function setUp(
  sign: (
    request: TransportRequest,
    number: number,
    time: VirtualTime,
  ) => TransportResponse | Promise<TransportResponse>,
  settings: ClientSettings = {},
) {
  const time = new VirtualTime();
  const calls: Call[] = [];
  let signRequests = 0;
  const transport = {
    send: async (request: TransportRequest) => {
      calls.push({ at: time.now, endpoint: request.endpoint });
      if (request.endpoint !== 'sign') return respond(404, {});
      return sign(request, ++signRequests, time);
    },
  };
  const url = 'https://service.test';
  const endpoints = { tokenUrl: url, signUrl: url, queryUrl: url, viaProxy: false };
  const parts = { transport, platform: time.platform, endpoints, clientId: 'PRT.1-a' };
  const client = new SignStashClient(parts, { lookUpFirst: false, contentCheck: 'off', ...settings });
  const at = (endpoint: string) => calls.filter((call) => call.endpoint === endpoint).map((call) => call.at);
  return { time, client, at };
}

/** What a service answers that signed everything. */
async function allSigned(request: TransportRequest): Promise<TransportResponse> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request.body?.read() ?? []) chunks.push(chunk.slice());
  const { documents } = JSON.parse(Buffer.concat(chunks).toString()) as {
    documents: { documentRequest: { externalReference: string } }[];
  };
  const documentList = documents.map(({ documentRequest: { externalReference } }) => ({
    externalReference,
    signStatus: 'SIGNED',
    signedContent: 'c2lnbmVk',
  }));
  return respond(200, { id: 1, status: 'EXECUTED', documentList });
}

const document = (reference: string) => ({ content: Buffer.from(`%PDF-1.4 ${reference}`), reference });

describe('the grace period', () => {
  it.each([
    ['60 s for the default timeout', undefined, 60_000],
    ['60 s for a short timeout', 5_000, 60_000],
    ['a fifth of a long timeout', 1_500_000, 300_000],
  ])('is %s, filled with look-ups, before anything is sent again', async (_, signMs, expected) => {
    const { time, client, at } = setUp(
      async (request, number) => {
        if (number === 1) throw new TimeoutError('sign: no complete answer.');
        return allSigned(request);
      },
      signMs === undefined ? {} : { timeouts: { signMs } },
    );
    const [result] = await time.run(client.signMany([document('ref-1')]));
    expect(result?.ok).toBe(true);
    const [first = 0, second = 0] = at('sign');
    expect(second - first).toBeGreaterThanOrEqual(expected);
    expect(second - first).toBeLessThan(expected + 1_000);
    const lookups = at('operationId');
    expect(lookups.length).toBeGreaterThan(7);
    expect(lookups.at(-1)).toBe(second);
  });

  it('can be set', () => {
    expect(graceMs({ ...defaultRetryPolicy, lookupGraceMs: 0 }, 300_000)).toBe(0);
    expect(graceMs(defaultRetryPolicy, 300_000)).toBe(60_000);
  });
});

describe('too many requests', () => {
  it('Retry-After is honoured by every call of the client, and uses up no attempts', async () => {
    const openAt = 45_000;
    const { time, client, at } = setUp(
      (request, number) => {
        if (number === 1) return respond(429, {}, { 'retry-after': '45' });
        return time.now < openAt ? respond(429, {}) : allSigned(request);
      },
      { retry: { attempts: 1 } },
    );
    const first = client.signMany([document('ref-1')]);
    const others = async () => {
      await time.sleep(1);
      return Promise.all(['ref-2', 'ref-3'].map((reference) => client.signMany([document(reference)])));
    };
    const results = await time.run(Promise.all([first, others()]));
    expect(results.flat(2).map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(at('sign').filter((when) => when > 0 && when < openAt)).toEqual([]);
  });

  it('a Retry-After beyond the limit is not waited for', async () => {
    const { time, client, at } = setUp(() => respond(429, {}, { 'retry-after': '3600' }));
    const [result] = await time.run(client.signMany([document('ref-1')]));
    expect(result).toMatchObject({ ok: false, error: { code: 'RATE_LIMITED', retryAfterSeconds: 3600 } });
    expect(at('sign')).toHaveLength(1);
  });

  it('without Retry-After, the delays grow, and the call fails after five minutes', async () => {
    const { time, client, at } = setUp(() => respond(429, {}));
    const [result] = await time.run(client.signMany([document('ref-1')]));
    expect(result).toMatchObject({ ok: false, error: { code: 'RATE_LIMITED' } });
    expect(at('sign').length).toBeGreaterThan(8);
    expect(at('sign').length).toBeLessThan(30);
    expect(time.now).toBeLessThanOrEqual(300_000);
  });
});
