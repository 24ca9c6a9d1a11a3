import { pdfSignatures } from '@signstash-connect/testing';
import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { signResponse, signstash, signUpload } from '../src/index.ts';
import { majors } from './support/express-majors.ts';
import { listen } from './support/listen.ts';
import { invoice, invoicePath, otherInvoice } from './support/pdfs.ts';
import { useSandbox } from './support/sandbox.ts';

const setup = useSandbox();

describe.each(majors)('pdfsig validates the signatures on %s of', (_major, express) => {
  const valid = async (pdf: Uint8Array) => {
    const type = 'ETSI.CAdES.detached';
    expect(await pdfSignatures(pdf, setup.sandbox.caCertificatePem)).toMatchObject([
      { valid: true, trusted: true, totalDocumentSigned: true, type },
    ]);
  };

  it('what res.signPdf sends', async () => {
    const app = express().use(signstash({ client: setup.client() }));
    app.get('/', (_req, res) => void res.signPdf(invoice));
    await valid(await (await fetch(await listen(app))).bytes());
  });

  it('what signResponse sends', async () => {
    const app = express().use(signstash({ client: setup.client() }), signResponse());
    app.get('/', (_req, res) => res.sendFile(invoicePath));
    await valid(await (await fetch(await listen(app))).bytes());
  });

  it('what signUpload sends', async () => {
    const app = express().use(signstash({ client: setup.client() }));
    app.post('/', signUpload());
    const body = new FormData();
    for (const number of [1, 2]) body.append('file', new Blob([new Uint8Array(otherInvoice(number))]), `${number}.pdf`);
    const answer = await fetch(await listen(app), { method: 'POST', body });
    for (const entry of Object.values(unzipSync(await answer.bytes()))) await valid(entry);
  });
});
