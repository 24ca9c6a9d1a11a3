import { appendUpdate } from '../../test/support/pdf.ts';
import { type CorpusFile, createRandom } from './corpus-file.ts';

const PAGE_CONTENT = 'BT (Total: 1.00 EUR) Tj ET';

/** The file as it was signed, with single bytes changed, and with something appended. */
export function makeVariants(file: CorpusFile, seed: number): CorpusFile[] {
  const random = createRandom(seed);
  const variant = (name: string, bytes: Buffer): CorpusFile => ({
    ...file,
    variant: name,
    bytes,
    asSigned: file.bytes,
  });
  const flip = (name: string, from: number, to: number) => {
    const bytes = Buffer.from(file.bytes);
    bytes[from + random(to - from)]! ^= 1 << random(7);
    return variant(name, bytes);
  };
  const { length } = file.bytes;
  const variants = [
    file,
    flip('byte changed in the first half', 0, length >> 1),
    flip('byte changed in the second half', length >> 1, length),
  ];
  if (file.kind === 'pdf') {
    const contents = file.bytes.indexOf('/Contents <3');
    const gap = contents < 0 ? file.bytes.indexOf('/Contents<3') : contents;
    if (gap > 0) variants.push(flip('byte changed in the CMS', gap + 12, gap + 2500));
    variants.push(variant('junk appended', Buffer.concat([file.bytes, Buffer.from('<html>')])));
    variants.push(variant('line end appended', Buffer.concat([file.bytes, Buffer.from('\n')])));
    if (file.origin.endsWith(', table') && file.origin.startsWith('sandbox')) {
      const content = `<< /Length ${PAGE_CONTENT.length} >>\nstream\n${PAGE_CONTENT}\nendstream`;
      variants.push(variant('page content replaced by an update', appendUpdate(file.bytes, { 4: content })));
      variants.push(
        variant('page removed by an update', appendUpdate(file.bytes, { 2: '<< /Type /Pages /Kids [] /Count 0 >>' })),
      );
      variants.push(
        variant(
          'document information updated',
          appendUpdate(file.bytes, { 40: '<< /Producer (Corpus) >>' }, { trailer: '/Info 40 0 R' }),
        ),
      );
    }
  } else {
    variants.push(variant('junk appended', Buffer.concat([file.bytes, Buffer.from('x')])));
  }
  return variants;
}
