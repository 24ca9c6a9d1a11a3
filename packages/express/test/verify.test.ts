import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ResultStore, SignStashOptions } from '@signstash-connect/core';
import { startSandbox } from '@signstash-connect/sandbox';
import { runProgram, temporaryFolder } from '@signstash-connect/testing';
import { TrustStore } from '@signstash-connect/verify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { problemDetails, signResponse, signstash, signUpload, type VerifyOptions } from '../src/index.ts';
import { majors } from './support/express-majors.ts';
import { listen } from './support/listen.ts';
import { invoice, isSigned } from './support/pdfs.ts';
import { useSandbox } from './support/sandbox.ts';

const setup = useSandbox();
const requests = () => setup.sandbox.admin.counts().requests.sign;

/** Changes the end of the signature value, which the digest of the content does not reveal. */
const changedSignature: NonNullable<SignStashOptions['fetch']> = async (url, init) => {
  const response = await fetch(url, init);
  const text = await response.text();
  const body = text.replace(/"signedContent":"([^"]+)"/g, (_, content: string) => {
    const pdf = Buffer.from(content, 'base64');
    const start = pdf.indexOf('<', pdf.lastIndexOf('/Contents'));
    const hexadecimal = pdf.toString('latin1', start, pdf.indexOf('>', start));
    const last = start + hexadecimal.search(/[^0]0*$/);
    pdf[last] = pdf[last] === 0x31 ? 0x32 : 0x31;
    return `"signedContent":"${pdf.toString('base64')}"`;
  });
  return new Response(body, { status: response.status, headers: response.headers });
};

/** The root of another authority. */
async function otherRoot(): Promise<string> {
  const sandbox = await startSandbox({ stateDirectory: temporaryFolder() });
  onTestFinished(() => sandbox.close());
  return sandbox.caCertificatePem;
}

async function rootFile(pem: string): Promise<string> {
  const path = join(temporaryFolder(), 'root.pem');
  await writeFile(path, pem);
  return path;
}

describe.each(majors)('verify on %s', (_major, express) => {
  type Where = 'signPdf' | 'signResponse' | 'signUpload';
  interface Setup extends VerifyOptions {
    client?: Partial<SignStashOptions>;
    resultStore?: ResultStore;
  }

  /** Signs through one of the three, with the option on it or, for `signPdf`, on `signstash()`. */
  const sign = async (where: Where, { client, resultStore, ...verify }: Setup) => {
    const shared = { client: setup.client(client), ...(resultStore ? { resultStore } : {}) };
    const app = express().use(signstash({ ...shared, ...(where === 'signPdf' ? verify : {}) }));
    app.get('/signPdf', (_req, res, next) => void res.signPdf(invoice, { reference: 'invoice-1' }).catch(next));
    app.get('/signResponse', signResponse(where === 'signResponse' ? verify : {}), (_req, res) => {
      res.type('pdf').send(invoice);
    });
    app.post('/signUpload', signUpload(where === 'signUpload' ? verify : {}));
    app.use(problemDetails());
    const upload = { method: 'POST', headers: { 'Content-Type': 'application/pdf' }, body: new Uint8Array(invoice) };
    const response = await fetch(`${await listen(app)}/${where}`, where === 'signUpload' ? upload : {});
    const body = await response.bytes();
    return response.ok
      ? { ok: true, body }
      : { ok: false, status: response.status, ...(JSON.parse(new TextDecoder().decode(body)) as { code: string }) };
  };
  const notValid = { ok: false, status: 502, code: 'CONTENT_NOT_VALID' };

  describe.each<Where>(['signPdf', 'signResponse', 'signUpload'])('for %s', (where) => {
    it('sends a document that passes, at every level', async () => {
      const trust = await rootFile(setup.sandbox.caCertificatePem);
      for (const options of [
        { verify: 'off' },
        { verify: 'integrity' },
        { verify: 'signature' },
        { verify: 'chain', trust },
        { verify: 'chain', trust: [join(trust, '..')] },
        { verify: 'chain', trust: TrustStore.fromCertificates(setup.sandbox.caCertificatePem) },
      ] as VerifyOptions[]) {
        const { ok, ...rest } = await sign(where, options);
        expect([ok, 'body' in rest && isSigned(rest.body)], JSON.stringify(options)).toEqual([true, true]);
      }
    });

    it('refuses a document in which the service changed a byte, except with off', async () => {
      for (const verify of ['integrity', 'signature'] as const) {
        setup.sandbox.admin.addFault({ kind: 'wrong-content', as: 'tampered' });
        expect(await sign(where, { verify, client: { contentCheck: 'off' } }), verify).toMatchObject(notValid);
        setup.sandbox.admin.reset();
      }
      setup.sandbox.admin.addFault({ kind: 'wrong-content', as: 'tampered' });
      expect(await sign(where, { verify: 'off' })).toMatchObject({ ok: true });
    });

    it('refuses a forged signature value from the level signature on', async () => {
      const client = { fetch: changedSignature };
      expect(await sign(where, { client })).toMatchObject({ ok: true });
      expect(await sign(where, { client, verify: 'integrity' })).toMatchObject({ ok: true });
      expect(await sign(where, { client, verify: 'signature' })).toMatchObject(notValid);
    });

    it('refuses a signature of another authority at the level chain only', async () => {
      const trust = await rootFile(await otherRoot());
      expect(await sign(where, { verify: 'signature' })).toMatchObject({ ok: true });
      expect(await sign(where, { verify: 'chain', trust })).toMatchObject(notValid);
    });

    it('sends no document to the service if a root certificate is unusable', async () => {
      const trust = await rootFile('not a certificate');
      const result = await sign(where, { verify: 'chain', trust });
      expect(result).toMatchObject({ ok: false, status: 500, code: 'CONFIGURATION_INVALID' });
      expect(requests()).toBe(0);
    });
  });

  it('does not store a document that fails, and does not send a stored document that fails', async () => {
    const stored = new Map<string, { operationId: string; content: Uint8Array }>();
    const resultStore: ResultStore = { get: (key) => stored.get(key), set: (key, value) => stored.set(key, value) };
    const client = { fetch: changedSignature };
    expect(await sign('signPdf', { client, resultStore, verify: 'signature' })).toMatchObject(notValid);
    expect(stored.size).toBe(0);
    expect(await sign('signPdf', { client, resultStore })).toMatchObject({ ok: true });
    expect(stored.size).toBe(1);
    expect(await sign('signPdf', { resultStore, verify: 'signature' })).toMatchObject(notValid);
  });
});

describe('the options verify and trust', () => {
  it.each<[VerifyOptions, string]>([
    [{ verify: 'chain' }, '.verify "chain" needs '],
    [{ verify: 'chain', trust: [] }, '.verify "chain" needs '],
    [{ verify: 'chain', trust: 'none.pem' }, '.trust "none.pem": there is no such file or folder.'],
    [{ verify: 'signature', trust: '.' }, '.trust has no effect with '],
    [{ trust: '.' }, '.trust has no effect unless '],
    [{ verify: 'true' as never }, '.verify "true": expected off, integrity, signature or chain'],
  ])('%o are refused at startup', (options, message) => {
    expect(() => signstash({ client: setup.client(), ...options })).toThrow(message);
    expect(() => signResponse(options)).toThrow(message);
    expect(() => signUpload(options)).toThrow(message);
  });

  it('are refused at startup if @signstash-connect/verify is not installed', async () => {
    const own = fileURLToPath(new URL('..', import.meta.url));
    const folder = temporaryFolder();
    const modules = join(folder, 'node_modules');
    mkdirSync(join(modules, '@signstash-connect'), { recursive: true });
    for (const name of ['@signstash-connect/core', 'content-disposition', 'raw-body', 'yazl']) {
      symlinkSync(join(own, 'node_modules', name), join(modules, name));
    }
    for (const name of ['dist', 'package.json']) {
      cpSync(join(own, name), join(modules, '@signstash-connect/express', name), { recursive: true });
    }
    const script = join(folder, 'app.mjs');
    await writeFile(
      script,
      `import { signResponse } from '@signstash-connect/express';
      for (const verify of ['integrity', 'signature']) {
        try {
          console.log(typeof signResponse({ verify }));
        } catch ({ message }) {
          console.log(message);
        }
      }`,
    );
    const { text } = await runProgram(process.execPath, [script]);
    expect(text.trim().split('\n')).toEqual([
      'function',
      'signResponse.verify "signature" needs the package @signstash-connect/verify, which is not installed.',
    ]);
  });
});
