import { type Sandbox, startSandbox } from '@signstash-connect/sandbox';
import type { INodeExecutionData } from 'n8n-workflow';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeN8n } from './support/fake-n8n.ts';
import { pdf, pdfItem } from './support/pdf.ts';

let sandbox: Sandbox;
let n8n: FakeN8n;

beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.close());
beforeEach(() => {
  sandbox.admin.reset();
  n8n = new FakeN8n(sandbox);
});

const items = (count: number) => Array.from({ length: count }, (_, index) => pdfItem(`invoice-${index}`));
const byKey = (outputs: INodeExecutionData[], key: string) => outputs.map(({ json }) => json[key]);

describe('sign', () => {
  it('sends all items in one request and returns one paired item for each', async () => {
    const outputs = await n8n.run(items(5));
    expect(outputs.map(({ pairedItem }) => pairedItem)).toEqual([0, 1, 2, 3, 4].map((item) => ({ item })));
    expect(outputs[3]?.json).toEqual({
      externalReference: expect.stringMatching(/^PRT\./),
      operationId: expect.stringMatching(/^\d+$/),
      documentStatus: 'SIGNED',
      fileName: 'invoice-3-signed.pdf',
      contentType: 'application/pdf',
      fileSize: n8n.bytes(outputs[3]).byteLength,
      recovered: false,
    });
    expect(n8n.bytes(outputs[3]).includes('/ByteRange')).toBe(true);
    expect(n8n.bytes(outputs[3]).includes('(invoice-3)')).toBe(true);
    expect(sandbox.admin.counts()).toMatchObject({ requests: { sign: 1 }, tokensIssued: 1 });
  });

  it('fills requests up to the batch size', async () => {
    await n8n.run(items(7), { parameters: { sending: { batchSize: 3 } } });
    expect(sandbox.admin.counts()).toMatchObject({ requests: { sign: 3 }, documentsSigned: 7 });
  });

  it('sends one request for all items with the same delivery', async () => {
    const receivers = ['ana@example.com', 'rui@example.com', 'ana@example.com'];
    const outputs = await n8n.run(items(3), {
      parameters: (item) => ({ delivery: { deliveryEmails: receivers[item] }, simplify: true }),
    });
    expect(sandbox.admin.counts().requests.sign).toBe(2);
    const [first, second, third] = byKey(outputs, 'operationId');
    expect(first).toBe(third);
    expect(first).not.toBe(second);
  });

  it('retrieves in a second run what the first one signed', async () => {
    const first = await n8n.run(items(2));
    const second = await new FakeN8n(sandbox).run(items(2).reverse());
    expect(byKey(second, 'recovered')).toEqual([true, true]);
    expect(byKey(second, 'externalReference')).toEqual(byKey(first, 'externalReference').reverse());
    expect(sandbox.admin.counts()).toMatchObject({ documentsSigned: 2, requests: { sign: 1 } });
  });

  it('signs a file that occurs twice once, also in different requests', async () => {
    const outputs = await n8n.run([pdfItem('a'), pdfItem('b'), pdfItem('a')], {
      parameters: { sending: { batchSize: 2 } },
    });
    expect(outputs[2]?.json.externalReference).toBe(outputs[0]?.json.externalReference);
    expect(n8n.bytes(outputs[2])).toEqual(n8n.bytes(outputs[0]));
    expect(outputs[2]?.pairedItem).toEqual({ item: 2 });
    expect(sandbox.admin.counts().documentsSigned).toBe(2);
  });

  it('refuses a reference that is given to two documents', async () => {
    const outputs = await n8n.run([pdfItem('a'), pdfItem('b')], {
      parameters: { options: { reference: 'FT-1' }, sending: { batchSize: 1 } },
      onError: 'continueRegularOutput',
    });
    expect(outputs[0]?.json.externalReference).toBe('FT-1');
    expect(outputs[1]?.json).toMatchObject({ code: 'DUPLICATE_REFERENCE', externalReference: 'FT-1' });
  });

  it('reads several fields and puts each signed file in its field or in the given one', async () => {
    const item = { binary: { invoice: { ...pdfItem('i').binary.data }, receipt: { ...pdfItem('r').binary.data } } };
    const same = await n8n.run([item], { parameters: { inputField: 'invoice, receipt' } });
    expect(same.map(({ binary }) => Object.keys(binary ?? {}))).toEqual([['invoice'], ['receipt']]);
    expect(same.map(({ pairedItem }) => pairedItem)).toEqual([{ item: 0 }, { item: 0 }]);
    const options = { outputField: 'one, two', outputFileName: 'signed {name} $& {extension}' };
    const told = await n8n.run([item], { parameters: { inputField: 'invoice,receipt', options } });
    expect(told.map(({ binary }) => Object.keys(binary ?? {}))).toEqual([['one'], ['two']]);
    expect(told[1]?.binary?.two?.fileName).toBe('signed r $& .pdf');
  });

  it('takes the file itself from an expression', async () => {
    const inputField = n8n.asExpression(pdfItem('elsewhere').binary.data);
    const [output] = await n8n.run([{}], { parameters: { inputField } });
    expect(output?.binary?.data?.fileName).toBe('elsewhere-signed.pdf');
  });

  it('keeps the raw answer where it is not simplified', async () => {
    const [output] = await n8n.run(items(1), { parameters: { simplify: false } });
    expect(output?.json.document).toMatchObject({ signStatus: 'SIGNED', name: 'invoice-0.pdf' });
  });

  it('sends the appearance of the visible seal', async () => {
    const appearance = {
      width: 160,
      height: 40,
      visibleBackground: '#ffffff',
      visibleFontSize: 9,
      visibleImage: 'logo',
    };
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=',
      'base64',
    );
    const item = { binary: { ...pdfItem('a').binary, logo: { mimeType: 'image/png', bytes: png } } };
    const parameters = {
      visibleSeal: true,
      sealPosition: 'coordinates',
      sealX: 50,
      sealY: 60,
      sealAppearance: appearance,
    };
    const [plain] = await n8n.run([pdfItem('a')]);
    const [output] = await n8n.run([item], {
      parameters: { ...parameters, options: { reference: 'visible', reason: 'Invoice', location: 'Lisboa' } },
    });
    const signed = n8n.bytes(output);
    expect(signed.includes('/Reason')).toBe(true);
    // An image and a text on the page.
    expect(signed.byteLength).toBeGreaterThan(n8n.bytes(plain).byteLength);
    expect(signed.includes('/Subtype /Image')).toBe(true);
  });

  it('recovers a lost answer without signing twice', async () => {
    sandbox.admin.addFault({ kind: 'drop', endpoint: 'sign', phase: 'after' });
    const outputs = await n8n.run(items(3));
    expect(byKey(outputs, 'recovered')).toEqual([true, true, true]);
    expect(Object.values(sandbox.admin.counts().signedByReference)).toEqual([1, 1, 1]);
  });

  it('recovers a timeout without signing twice', async () => {
    sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'after', delayMs: 3000 });
    const outputs = await n8n.run(items(2), { parameters: { sending: { timeout: 1 } } });
    expect(byKey(outputs, 'recovered')).toEqual([true, true]);
    expect(sandbox.admin.counts().documentsSigned).toBe(2);
  });

  it('stops when the execution is stopped', async () => {
    const stop = new AbortController();
    sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', delayMs: 20_000 });
    const running = n8n.run(items(1), { signal: stop.signal });
    setTimeout(() => stop.abort(), 200);
    await expect(running).rejects.toThrow(/stopped/);
  });
});

describe('validation before anything is read or sent', () => {
  const refused = async (file: { fileName: string; mimeType: string; bytes: Uint8Array }, parameters = {}) => {
    const [output] = await n8n.run([{ binary: { data: file } }], { parameters, onError: 'continueRegularOutput' });
    expect(n8n.read).toEqual([]);
    expect(sandbox.admin.requests()).toEqual([]);
    return output?.json;
  };

  it('refuses a file that is too large by its metadata', async () => {
    const bytes = Buffer.alloc(1024 * 1024 + 1);
    const json = await refused(
      { fileName: 'big.pdf', mimeType: 'application/pdf', bytes },
      { sending: { maxFileMegabytes: 1 } },
    );
    expect(json).toMatchObject({ code: 'DOCUMENT_TOO_LARGE', description: expect.stringContaining('Max File Size') });
  });

  it('refuses an empty file and one of another type by their metadata', async () => {
    expect(await refused({ fileName: 'a.pdf', mimeType: 'application/pdf', bytes: Buffer.alloc(0) })).toMatchObject({
      code: 'DOCUMENT_EMPTY',
    });
    expect(await refused({ fileName: 'a.png', mimeType: 'image/png', bytes: pdf('a') })).toMatchObject({
      error: 'a.png is not a PDF file but image/png.',
      code: 'DOCUMENT_NOT_PDF',
    });
    expect(
      await refused({ fileName: 'a.png', mimeType: 'image/png', bytes: pdf('a') }, { signatureType: 'XAdES' }),
    ).toMatchObject({ code: 'DOCUMENT_NOT_XML' });
  });

  it('reports a missing field and an empty field name', async () => {
    const run = (parameters = {}) => n8n.run([{}], { parameters, onError: 'continueRegularOutput' });
    expect((await run())[0]?.json.error).toContain("no binary field 'data'");
    expect((await run({ inputField: ' , ' }))[0]?.json).toMatchObject({ code: 'NO_DOCUMENTS' });
  });

  it('requires both width and height of the seal', async () => {
    const [output] = await n8n.run([pdfItem('a')], {
      parameters: { visibleSeal: true, sealAppearance: { width: 100 } },
      onError: 'continueRegularOutput',
    });
    expect(output?.json).toMatchObject({
      code: 'CONFIGURATION_INVALID',
      error: 'Invalid Width and Height "100x": expected width and height in points, such as 155x50.',
    });
  });
});

describe('failures of single items', () => {
  it('leave the other items unchanged, in order', async () => {
    const bad = { binary: { data: { fileName: 'bad.pdf', bytes: Buffer.from('no PDF') } } };
    const outputs = await n8n.run([pdfItem('a'), bad, {}, pdfItem('b')], { onError: 'continueRegularOutput' });
    expect(byKey(outputs, 'code')).toEqual([undefined, 'DOCUMENT_NOT_PDF', null, undefined]);
    expect(outputs.map(({ pairedItem }) => pairedItem)).toEqual([0, 1, 2, 3].map((item) => ({ item })));
    expect(sandbox.admin.counts().documentsSigned).toBe(2);
  });

  it('report the reason of the service', async () => {
    sandbox.admin.addFault({ kind: 'document-error', reference: 'FT-2', signError: 'TIMESTAMP_SIGN_ERROR' });
    const outputs = await n8n.run(items(3), {
      parameters: (item) => ({ options: { reference: `FT-${item + 1}` } }),
      onError: 'continueRegularOutput',
    });
    expect(byKey(outputs, 'code')).toEqual([undefined, 'DOCUMENT_FAILED', undefined]);
    expect(outputs[1]?.json).toMatchObject({
      externalReference: 'FT-2',
      error: expect.stringContaining('TIMESTAMP_SIGN_ERROR'),
    });
  });

  it('have the format that n8n sends to the error output', async () => {
    const outputs = await n8n.run([{}], { onError: 'continueErrorOutput' });
    expect(Object.keys(outputs[0]?.json ?? {})).toEqual(['error', 'details']);
  });

  it('end the run by default, with the item and how to fix it', async () => {
    sandbox.admin.setUsage({ limitUsageCount: 1, limitCurrentConsumption: 1 });
    const failure = await n8n.run([pdfItem('a')]).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      name: 'NodeApiError',
      httpCode: '403',
      description: expect.stringContaining('number of signatures is used up'),
      context: { itemIndex: 0 },
    });
  });
});
