import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { minimalPdf } from '../support/minimal-pdf.ts';
import { clientOf, testSandbox } from '../support/sandbox-client.ts';

const isSignedVersionOf = (content: Uint8Array, original: Uint8Array) =>
  Buffer.from(content).subarray(0, original.byteLength).equals(original) &&
  Buffer.from(content).includes('ETSI.CAdES.detached');

describe('sign', () => {
  test('signs bytes, a Blob and a stream alike, and finds the same document again', async () => {
    const sandbox = await testSandbox();
    const signstash = clientOf(sandbox);
    const pdf = minimalPdf();
    const first = await signstash.sign(pdf, { reason: 'Fatura' });
    expect(isSignedVersionOf(first.content, pdf)).toBe(true);
    expect(first).toMatchObject({ ok: true, name: 'document-1.pdf', contentType: 'application/pdf', recovered: false });
    expect(first.reference.startsWith(sandbox.clientId)).toBe(true);
    const again = [new Blob([new Uint8Array(pdf)]), Readable.from([pdf.subarray(0, 50), pdf.subarray(50)])];
    for (const content of again) {
      expect(await signstash.sign(content)).toMatchObject({ reference: first.reference, recovered: true });
    }
    expect(sandbox.admin.counts()).toMatchObject({ tokensIssued: 1, documentsSigned: 1 });
  });

  test('signs XML with XAdES, and distinguishes documents with equal content by their keys', async () => {
    const sandbox = await testSandbox();
    const signstash = clientOf(sandbox);
    const xml = await signstash.sign(Buffer.from('<Invoice><ID>1</ID></Invoice>'), { name: 'invoice.xml' });
    expect(Buffer.from(xml.content).toString()).toMatch(/<Invoice>[\s\S]*Signature/);
    const [one, two] = await Promise.all([
      signstash.sign(minimalPdf(), { key: '1' }),
      signstash.sign(minimalPdf(), { key: '2' }),
    ]);
    expect(one?.reference).not.toBe(two?.reference);
    expect(sandbox.admin.counts().documentsSigned).toBe(3);
  });

  test('sends Content-Length, never chunks', async () => {
    const sandbox = await testSandbox();
    for (const format of ['json', 'multipart'] as const) {
      await clientOf(sandbox, { format }).sign(minimalPdf(format));
    }
    const sent = sandbox.admin.requests().filter(({ method }) => method === 'POST');
    expect(sent).toHaveLength(4);
    for (const entry of sent) {
      expect(entry.transferEncoding).toBeUndefined();
      expect(Number(entry.contentLength)).toBe(entry.bytes);
    }
  });
});

describe('a PDF that is signed with PAdES and with CAdES', () => {
  test('is two documents with two references', async () => {
    const sandbox = await testSandbox();
    const signstash = clientOf(sandbox);
    const pdf = minimalPdf();
    const pades = await signstash.sign(pdf);
    const cades = await signstash.sign(pdf, { type: 'CAdES' });
    expect(cades.reference).not.toBe(pades.reference);
    expect([pades.recovered, cades.recovered]).toEqual([false, false]);
    expect(isSignedVersionOf(pades.content, pdf)).toBe(true);
    expect(cades.content[0]).toBe(0x30);
    const again = await signstash.signMany([{ content: pdf }, { content: pdf, type: 'CAdES' }]);
    expect(again).toMatchObject([
      { reference: pades.reference, recovered: true },
      { reference: cades.reference, recovered: true },
    ]);
    expect(sandbox.admin.counts().documentsSigned).toBe(2);
  });
});

describe('signMany', () => {
  test('sends one request for many documents and matches answers by reference, in any order', async () => {
    const sandbox = await testSandbox();
    const pdfs = Array.from({ length: 20 }, (_, index) => minimalPdf(`Fatura ${index}`));
    const documents = pdfs.map((content, index) => ({ content, name: `${index}.pdf` }));
    const results = await clientOf(sandbox, { lookUpFirst: false }).signMany(documents);
    for (const [index, result] of results.entries()) {
      expect(result).toMatchObject({ ok: true, name: `${index}.pdf` });
      expect(result.ok && isSignedVersionOf(result.content, pdfs[index] as Buffer)).toBe(true);
    }
    expect(sandbox.admin.counts().requests).toMatchObject({ sign: 1, operationId: 0 });
  });

  test.each(['answer', 'zip'] as const)('contents can come from the %s', async (contentFrom) => {
    const sandbox = await testSandbox();
    const pdfs = Array.from({ length: 5 }, (_, index) => minimalPdf(`Fatura ${index}`));
    const results = await clientOf(sandbox, { contentFrom }).signMany(pdfs.map((content) => ({ content })));
    expect(
      results.map((result, index) => result.ok && isSignedVersionOf(result.content, pdfs[index] as Buffer)),
    ).toEqual(Array(5).fill(true));
    expect(sandbox.admin.counts().requests.documents).toBe(contentFrom === 'zip' ? 1 : 0);
  });

  test('one document that fails does not fail the others', async () => {
    const sandbox = await testSandbox();
    sandbox.admin.addFault({ kind: 'document-error', reference: 'b', signError: 'TIMESTAMP_SIGN_ERROR' });
    const results = await clientOf(sandbox).signMany(
      ['a', 'b', 'c'].map((reference) => ({ content: minimalPdf(reference), reference })),
    );
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(results[1]).toMatchObject({
      error: { code: 'DOCUMENT_FAILED', signError: 'TIMESTAMP_SIGN_ERROR', references: ['b'] },
    });
    await expect(clientOf(sandbox).sign(minimalPdf('b'), { reference: 'b' })).rejects.toMatchObject({
      code: 'DOCUMENT_FAILED',
      signError: 'TIMESTAMP_SIGN_ERROR',
    });
    expect((await clientOf(sandbox).sign(minimalPdf('b'), { reference: 'b.2' })).recovered).toBe(false);
  });

  test('a refused request is split until only its bad document is left', async () => {
    const sandbox = await testSandbox();
    const bad = Buffer.from('%PDF-1.4 but nothing else');
    const contents = [minimalPdf('1'), minimalPdf('2'), bad, minimalPdf('4')];
    const results = await clientOf(sandbox).signMany(contents.map((content) => ({ content })));
    expect(results.map(({ ok }) => ok)).toEqual([true, true, false, true]);
    sandbox.admin.addFault({ kind: 'reject', endpoint: 'sign', times: 3, errorCode: '0.0.6' });
    const refused = await clientOf(sandbox).signMany([{ content: minimalPdf('5') }, { content: minimalPdf('6') }]);
    expect(refused.map((result) => !result.ok && result.error.code)).toEqual(['SERVICE_REJECTED', 'SERVICE_REJECTED']);
  });

  test.each([
    ['NO_DOCUMENTS', []],
    ['TOO_MANY_DOCUMENTS', Array.from({ length: 100 }, (_, index) => ({ content: minimalPdf(`${index}`) }))],
    ['DUPLICATE_REFERENCE', [{ content: minimalPdf() }, { content: minimalPdf() }]],
    ['REFERENCE_INVALID', [{ content: minimalPdf(), reference: 'a/b' }]],
    ['DOCUMENT_UNREADABLE', [{ content: 42 as never }]],
    ['DOCUMENT_UNREADABLE', [{ content: '/no/such/file.pdf' }]],
    ['DOCUMENT_EMPTY', [{ content: new Uint8Array() }]],
  ])('%s stops everything before anything is sent', async (code, documents) => {
    const sandbox = await testSandbox();
    await expect(clientOf(sandbox).signMany(documents)).rejects.toMatchObject({ name: 'ValidationError', code });
    expect(sandbox.admin.requests()).toEqual([]);
  });
});

describe('operations', () => {
  test('queries, downloads and resends what was signed', async () => {
    const sandbox = await testSandbox();
    const signstash = clientOf(sandbox);
    const references = ['ref', 'ref.long'];
    const results = await signstash.signMany(
      references.map((reference) => ({ content: minimalPdf(reference), reference, name: 'a.pdf' })),
    );
    const { operationId } = results[0] as { operationId: string };
    const { operations } = signstash;
    expect(await operations.idByReference('ref')).toBe(operationId);
    expect(await operations.idByReference('never-seen')).toBeUndefined();
    expect(await operations.getStatus(operationId)).toMatchObject({
      id: operationId,
      status: 'EXECUTED',
      documents: [],
    });
    const found = await operations.getByReference('ref.long');
    expect(found.documents.map(({ reference, status }) => [reference, status]).sort()).toEqual(
      references.map((reference) => [reference, 'SIGNED']),
    );
    expect(found.quota?.used).toBe(2);
    const contents = await operations.getWithContent(operationId);
    expect(contents.documents.every(({ content }) => Buffer.from(content ?? []).includes('ByteRange'))).toBe(true);
    const files = await operations.downloadDocuments(operationId);
    expect(files.map(({ reference, name }) => [reference, name]).sort()).toEqual(
      references.map((reference) => [reference, 'a.pdf']),
    );
    await operations.resendEmails(operationId, ['a@b.pt', 'c@d.pt'], { attachDocuments: true });
    expect(sandbox.admin.counts().mailsResent).toBe(2);
  });

  test('an operation that the service does not know is NOT_FOUND', async () => {
    const { operations } = clientOf(await testSandbox());
    await expect(operations.get('999')).rejects.toMatchObject({ code: 'NOT_FOUND', operationId: '999' });
    await expect(operations.getByReference('nope')).rejects.toMatchObject({ code: 'NOT_FOUND', references: ['nope'] });
  });

  test('an operation id beyond 2^53 is the same in every call', async () => {
    const sandbox = await testSandbox({ firstOperationId: '9223372036854775000' });
    const signstash = clientOf(sandbox);
    const { operationId, reference } = await signstash.sign(minimalPdf());
    expect(operationId).toBe('9223372036854775000');
    expect(await signstash.operations.idByReference(reference)).toBe(operationId);
    expect((await signstash.operations.get(operationId)).id).toBe(operationId);
  });
});
