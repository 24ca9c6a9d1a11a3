import { expect, it } from 'vitest';
import { UploadReader } from '../../src/adapter-node.ts';
import { minimalPdf } from '../support/minimal-pdf.ts';

const pdf = minimalPdf('an invoice');

/** A form as a browser sends it: its body and Content-Type. */
async function encode(form: FormData): Promise<[Uint8Array, string]> {
  const request = new Request('http://localhost', { method: 'POST', body: form });
  return [await request.bytes(), request.headers.get('content-type') as string];
}

function formWith(field: string, ...names: string[]): FormData {
  const form = new FormData();
  for (const name of names) form.append(field, new File([new Uint8Array(pdf)], name));
  return form;
}

it('reads files under safe names, and the text fields of a form', async () => {
  const form = formWith('file', 'março/Fatura 1.pdf', '..');
  form.append('reason', 'Fatura');
  const { files, fields } = await new UploadReader('file').readForm(...(await encode(form)));
  expect(files.map(({ name }) => name)).toEqual(['Fatura 1.pdf', 'document-2.pdf']);
  for (const { bytes } of files) expect(Buffer.from(bytes).equals(pdf)).toBe(true);
  expect(fields).toEqual({ reason: 'Fatura' });
});

it('ignores a file input without a choice', async () => {
  const form = formWith('file', 'a.pdf');
  form.append('file', new File([], ''));
  expect((await new UploadReader('file').readForm(...(await encode(form)))).files).toHaveLength(1);
});

it.each<[string, ConstructorParameters<typeof UploadReader>[1], FormData, string, number]>([
  ['without a file', {}, formWith('file'), 'UPLOAD_MISSING', 400],
  ['with a file in another field', {}, formWith('other', 'a.pdf'), 'UPLOAD_MALFORMED', 400],
  ['with too many files', { files: 1 }, formWith('file', 'a.pdf', 'b.pdf'), 'UPLOAD_TOO_MANY_FILES', 413],
  ['with a file too large', { fileBytes: 100 }, formWith('file', 'a.pdf'), 'UPLOAD_TOO_LARGE', 413],
  [
    'with files too large together',
    { totalBytes: pdf.byteLength + 1 },
    formWith('file', 'a.pdf', 'b.pdf'),
    'UPLOAD_TOO_LARGE',
    413,
  ],
])('refuses a form %s', async (_what, limits, form, code, httpStatus) => {
  const reading = new UploadReader('file', limits).readForm(...(await encode(form)));
  await expect(reading).rejects.toMatchObject({ code, details: { httpStatus } });
});

it('refuses a form with many empty parts before it is parsed', async () => {
  const body = Buffer.from(`${'--x\r\n\r\n\r\n'.repeat(10_000)}--x--`);
  const reading = new UploadReader('file').readForm(body, 'multipart/form-data; boundary=x');
  await expect(reading).rejects.toMatchObject({ code: 'UPLOAD_TOO_MANY_FILES' });
});

it('names an impossible limit as the platform does', () => {
  const nameOf = (name: string) => `upload.${name}`;
  expect(() => new UploadReader('file', { files: 100 }, { nameOf })).toThrow('Invalid upload.files "100"');
});
