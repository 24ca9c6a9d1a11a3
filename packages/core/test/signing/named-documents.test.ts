import { describe, expect, it } from 'vitest';
import type { PreparedDocument } from '../../src/signing/document-input.ts';
import { findNamedDocuments } from '../../src/signing/named-documents.ts';

const named = (causeMessage: string, ...documents: [name: string, reference: string][]) =>
  findNamedDocuments(
    { causeMessage },
    documents.map(([name, reference]) => ({ name, reference }) as PreparedDocument),
  ).map(({ reference }) => reference);

describe('the document that a refusal names', () => {
  it('is found by its reference, else by its file name', () => {
    expect(named('document FT-2026/7', ['a.pdf', 'ref-1'], ['b.pdf', 'ref-2'])).toEqual([]);
    expect(named('externalReference ref-2 is too long', ['a.pdf', 'ref-1'], ['b.pdf', 'ref-2'])).toEqual(['ref-2']);
    expect(named('Document "b 2.pdf": too large', ['a.pdf', 'ref-1'], ['b 2.pdf', 'ref-2'])).toEqual(['ref-2']);
    expect(named('ref-1 refused, as a.pdf', ['b.pdf', 'ref-1'], ['a.pdf', 'ref-2'])).toEqual(['ref-1']);
    expect(named('Bad: ref-2.', ['a.pdf', 'ref-1'], ['b.pdf', 'ref-2'])).toEqual(['ref-2']);
  });

  it('is not one whose name is a part of the name in the message', () => {
    expect(named('11.pdf is bad', ['1.pdf', 'x'], ['11.pdf', 'y'])).toEqual(['y']);
    expect(named('ref-10 is bad', ['1.pdf', 'ref-1'], ['2.pdf', 'ref-10'])).toEqual(['ref-10']);
    expect(named('fatura.pdf.xml is bad', ['fatura.pdf', 'x'], ['b.pdf', 'y'])).toEqual([]);
    expect(named('não-fatura.pdf', ['fatura.pdf', 'x'], ['b.pdf', 'y'])).toEqual([]);
  });

  it('may be several', () => {
    expect(named('ref-1 and ref-3', ['a.pdf', 'ref-1'], ['b.pdf', 'ref-2'], ['c.pdf', 'ref-3'])).toEqual([
      'ref-1',
      'ref-3',
    ]);
  });

  it('is unknown if several have that name, or if the name is an ordinary word', () => {
    expect(named('a.pdf is bad', ['a.pdf', 'x'], ['a.pdf', 'y'], ['b.pdf', 'z'])).toEqual([]);
    expect(named('a mandatory attribute of the document is missing', ['a', 'x'], ['document', 'y'])).toEqual([]);
  });
});
