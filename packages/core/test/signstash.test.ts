import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { createSignStash, onPremise } from '../src/index.ts';
import { minimalPdf } from './support/minimal-pdf.ts';
import { clientOf, testSandbox } from './support/sandbox-client.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

test('a path, a URL, a File and a stream of any size are the same document', async () => {
  const sandbox = await testSandbox();
  const signstash = clientOf(sandbox);
  // Beyond what a stream keeps in memory.
  const pdf = Buffer.concat([
    minimalPdf(),
    Buffer.alloc(5_000_000, '% padding\n'),
    Buffer.from('\nstartxref\n0\n%%EOF\n'),
  ]);
  const small = minimalPdf();
  const path = join(temporaryFolder(), 'fatura.pdf');
  writeFileSync(path, small);
  const byPath = await signstash.sign(path);
  expect(byPath.name).toBe('fatura.pdf');
  const others = [pathToFileURL(path), new File([new Uint8Array(small)], 'x.pdf'), Readable.from([small])];
  for (const content of others) expect((await signstash.sign(content)).reference).toBe(byPath.reference);
  expect(sandbox.admin.counts().documentsSigned).toBe(1);
  const chunks = () =>
    Readable.from(Array.from({ length: 10 }, (_, index) => pdf.subarray(index * 600_000, (index + 1) * 600_000)));
  const streamed = signstash.sign(chunks(), { type: 'CAdES' });
  expect((await streamed).reference).toBe((await signstash.sign(pdf, { type: 'CAdES' })).reference);
});

test('a client shows no secret when it is printed', () => {
  const clientSecret = 'not-for-any-log';
  const signstash = createSignStash({ environment: 'staging', clientId: 'id', clientSecret });
  expect(
    inspect(signstash, { depth: Number.POSITIVE_INFINITY, showHidden: true }) + JSON.stringify(signstash),
  ).not.toContain(clientSecret);
});

test.each([
  ['clientId', { clientId: '' }],
  ['clientSecret', { clientSecret: undefined as never }],
  ['environment', { environment: 'prod' as never }],
  ['proxyUrl', { environment: onPremise({ proxyUrl: 'http://proxy.intranet', authorizationServer: 'staging' }) }],
  [
    'contentFrom',
    {
      environment: onPremise({ proxyUrl: 'https://proxy', authorizationServer: 'staging' }),
      contentFrom: 'zip' as const,
    },
  ],
])('a wrong %s is refused when the client is made', (setting, wrong) => {
  const make = () => createSignStash({ environment: 'staging', clientId: 'id', clientSecret: 'secret', ...wrong });
  expect(make).toThrow(expect.objectContaining({ name: 'ConfigurationError', setting }));
});

test('plain http to a proxy inside a network is allowed on demand', () => {
  const environment = onPremise({ proxyUrl: 'http://proxy.intranet', authorizationServer: 'staging' });
  const options = { environment, clientId: 'id', clientSecret: 'secret', allowInsecureHttp: true };
  expect(() => createSignStash(options)).not.toThrow();
});
