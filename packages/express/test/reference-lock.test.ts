import { join } from 'node:path';
import { FileReferenceLock } from '@signstash-connect/core';
import { accessTo, temporaryFolder } from '@signstash-connect/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { signstash, signUpload } from '../src/index.ts';
import { majors } from './support/express-majors.ts';
import { listen } from './support/listen.ts';
import { invoice, isSigned } from './support/pdfs.ts';
import { useSandbox } from './support/sandbox.ts';

// A reference that is sent twice is signed, and counted, twice.
const setup = useSandbox({ duplicateReferences: 'sign-again' });
beforeEach(() => {
  setup.sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'before', delayMs: 50, times: 100 });
});
const access = () => accessTo(setup.sandbox);

describe.each(majors)('simultaneous requests on %s', (_major, express) => {
  const start = (options: Parameters<typeof signstash>[0]) => {
    const app = express().use(signstash(options));
    app.get('/invoices/:number', (req, res, next) => {
      res.signPdf(invoice, { reference: `invoice-${req.params.number}`, lookUpFirst: false }).catch(next);
    });
    app.post('/sign', signUpload({ options: { lookUpFirst: false } }));
    return listen(app);
  };

  async function expectOneSignature(responses: Response[]): Promise<void> {
    expect(responses.map(({ status }) => status)).toEqual([200, 200]);
    const [first, second] = await Promise.all(responses.map((response) => response.bytes()));
    expect(isSigned(first as Uint8Array)).toBe(true);
    expect(Buffer.from(second as Uint8Array).equals(first as Uint8Array)).toBe(true);
    const { documentsSigned, requests } = setup.sandbox.admin.counts();
    expect([documentsSigned, requests.sign]).toEqual([1, 1]);
  }

  it('for one reference sign it once, and both get the document', async () => {
    const url = await start({ client: access() });
    await expectOneSignature(await Promise.all([fetch(`${url}/invoices/7`), fetch(`${url}/invoices/7`)]));
  });

  it('that upload the same document sign it once, and both get it', async () => {
    const url = await start({ client: access() });
    const upload = () =>
      fetch(`${url}/sign`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/pdf' },
        body: new Uint8Array(invoice),
      });
    await expectOneSignature(await Promise.all([upload(), upload()]));
  });

  it('at two servers with one lock directory sign a reference once', async () => {
    const directory = join(temporaryFolder(), 'locks');
    const server = () => start({ client: access(), referenceLock: new FileReferenceLock({ directory }) });
    const urls = await Promise.all([server(), server()]);
    await expectOneSignature(await Promise.all(urls.map((url) => fetch(`${url}/invoices/7`))));
  });
});

it('a lock for an existing client is refused at startup', () => {
  const referenceLock = new FileReferenceLock({ directory: 'locks' });
  expect(() => signstash({ client: setup.client(), referenceLock })).toThrow('signstash.referenceLock');
});
