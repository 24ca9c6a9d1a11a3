import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createSignStash, type SignStashOptions } from '../../src/index.ts';
import { answer, readAll, serve, tokenBody } from '../http/support/loopback.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';
import { clientOf, impatient, testSandbox } from '../support/sandbox-client.ts';

const megabyte = 1024 * 1024;
const pdf = minimalPdf();

/** A service that answers every request for content with `megabytes` of content, and counts what it could send. */
async function endlessService(megabytes: number, options: { gzip?: boolean; json?: boolean } = {}) {
  const counts = { sign: 0, sentMegabytes: 0, mostAtOnce: 0 };
  const piece = Buffer.alloc(megabyte, 'JVBE');
  const url = await serve(async (request, response) => {
    const { url: path = '' } = request;
    const { externalReference } =
      /"externalReference":"(?<externalReference>ref-1)"/.exec(await readAll(request))?.groups ?? {};
    if (path.includes('/oauth/')) return answer(response, 200, tokenBody('t'));
    if (path.includes('withDocumentExternalReference')) return answer(response, 200, counts.sign ? '77' : '');
    if (path.includes('/status/')) return answer(response, 200, { id: 77, status: 'EXECUTED' });
    if (externalReference) counts.sign++;
    response.setMaxListeners(0).writeHead(200, {
      'content-type': 'application/json',
      ...(options.gzip ? { 'content-encoding': 'gzip' } : {}),
    });
    const head = `{"id":77,"status":"EXECUTED","documentList":[{"externalReference":"ref-1","signStatus":"SIGNED",`;
    const encode = (bytes: Buffer) => (options.gzip ? gzipSync(bytes) : bytes);
    response.write(encode(Buffer.from(`${head}"${options.json ? 'name' : 'signedContent'}":"`)));
    const compressed = encode(piece);
    let sent = 0;
    for (; sent < megabytes && !response.destroyed; sent++) {
      if (!response.write(compressed)) {
        await new Promise<void>((resolve) => {
          response.once('drain', resolve);
          response.once('close', resolve);
        });
      }
    }
    counts.sentMegabytes += sent;
    counts.mostAtOnce = Math.max(counts.mostAtOnce, sent);
    response.end(encode(Buffer.from('"}]}')));
  });
  return { url, counts };
}

const clientFor = (url: string, options: Partial<SignStashOptions> = {}) =>
  createSignStash({
    environment: { tokenUrl: `${url}/oauth/token`, apiUrl: `${url}/api` },
    clientId: 'client',
    clientSecret: 'secret-of-client',
    retry: { ...impatient, attempts: 2, maxLookupAttempts: 2 },
    ...options,
  });

describe('the limits of signed contents', () => {
  it.each([
    ['plain', {}],
    ['gzip', { gzip: true }],
  ])(
    'ends an answer of 1.4 GB for a small document early, sends it once and keeps memory bounded (%s)',
    async (_, options) => {
      const { url, counts } = await endlessService(1400, options);
      const before = process.memoryUsage().rss;
      const [result] = await clientFor(url).signMany([{ content: pdf, reference: 'ref-1' }]);
      expect(result).toMatchObject({
        ok: false,
        error: { code: 'OUTCOME_UNKNOWN', operationId: '77' },
      });
      expect(counts.sign).toBe(1);
      // Compressed, everything fits into the buffers of the connection.
      if (!('gzip' in options)) expect(counts.mostAtOnce).toBeLessThan(400);
      expect(process.memoryUsage().rss - before).toBeLessThan(400 * megabyte);
    },
  );

  it('reports a content above its limit as not valid, with the operation id', async () => {
    const { url, counts } = await endlessService(7);
    const [result] = await clientFor(url).signMany([{ content: pdf, reference: 'ref-1' }]);
    expect(result).toMatchObject({ ok: false, error: { code: 'CONTENT_NOT_VALID', operationId: '77' } });
    if (!result?.ok) expect(result?.error.message).toMatch(/more than the \d+ bytes that contentLimits allow/);
    expect(counts.sign).toBe(1);
  });

  it('keeps the limits if the content check is off, and follows the settings', async () => {
    const sandbox = await testSandbox();
    const limits = { maxAddedBytes: 100, maxAddedRatio: 0 };
    const settings: Partial<SignStashOptions>[] = [
      { contentCheck: 'off', contentLimits: limits },
      { contentCheck: 'on', contentLimits: limits },
    ];
    for (const [index, setting] of settings.entries()) {
      const [result] = await clientOf(sandbox, setting).signMany([{ content: minimalPdf(`Fatura ${index}`) }]);
      expect(result?.ok).toBe(false);
    }
  });

  it('ends an answer whose other fields are too large', async () => {
    const { url, counts } = await endlessService(500, { json: true });
    const [result] = await clientFor(url).signMany([{ content: pdf, reference: 'ref-1' }]);
    expect(result?.ok).toBe(false);
    expect(counts.sign).toBe(1);
    expect(counts.mostAtOnce).toBeLessThan(60);
  });

  it('bounds what operations fetch into memory', async () => {
    const { url, counts } = await endlessService(400);
    const { operations } = clientFor(url, { contentLimits: { maxFetchedBytes: 10 * megabyte } });
    await expect(operations.getWithContent('77')).rejects.toThrow(/maxFetchedBytes/);
    expect(counts.mostAtOnce).toBeLessThan(100);
  });
});
