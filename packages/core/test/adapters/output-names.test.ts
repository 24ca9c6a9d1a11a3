import { describe, expect, it } from 'vitest';
import { outputPath, safeFileName, signedFileName, UniqueNames } from '../../src/adapter.ts';

describe('safeFileName', () => {
  it.each([
    ['invoice.pdf', 'invoice.pdf'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\me\\Fatura nº 1.pdf', 'Fatura nº 1.pdf'],
    ['C:x.pdf', 'x.pdf'],
    ['a\0b.pdf', 'ab.pdf'],
    ['NUL', '_NUL'],
    ['con.pdf', '_con.pdf'],
    ['COM¹.pdf', '_COM¹.pdf'],
    ['console.pdf', 'console.pdf'],
    ['a<b>:"|?*.pdf', 'a_b______.pdf'],
    ['name. ', 'name'],
    ['..', 'document.pdf'],
    ['', 'document.pdf'],
    ['dir/', 'document.pdf'],
    ['invoice\u202efdp.exe', 'invoicefdp.exe'],
    ['a\ud800b.pdf', 'ab.pdf'],
    ['fatura \u{1f600}.pdf', 'fatura \u{1f600}.pdf'],
    ['cafe\u0301.pdf', 'café.pdf'],
  ])('makes %j safe', (name, safe) => {
    expect(safeFileName(name)).toBe(safe);
  });

  it.each(['a', 'ç', '文', '\u{1f600}'])('shortens names of %j to 255 bytes by whole characters', (character) => {
    const name = safeFileName(`${character.repeat(400)}.pdf`);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    expect(Buffer.byteLength(name)).toBeGreaterThan(250);
    expect(name).toMatch(/\.pdf$/);
    expect(name).not.toContain('\ufffd');
    expect(Buffer.byteLength(signedFileName(name))).toBeLessThanOrEqual(255);
    expect(signedFileName(name)).toMatch(/-signed\.pdf$/);
  });
});

describe('UniqueNames', () => {
  it('numbers names that differ only in case or Unicode form', () => {
    const names = new UniqueNames();
    const given = ['a.pdf', 'A.PDF', 'a.pdf', 'caf\u00e9', 'cafe\u0301', 'a (2).pdf'];
    expect(given.map((name) => names.claim(name))).toEqual([
      'a.pdf',
      'A (2).PDF',
      'a (3).pdf',
      'café',
      'cafe\u0301 (2)',
      'a (2) (2).pdf',
    ]);
  });

  it('keeps numbered names within 255 bytes', () => {
    const names = new UniqueNames();
    const long = `${'a'.repeat(251)}.pdf`;
    names.claim(long);
    expect(Buffer.byteLength(names.claim(long))).toBe(255);
  });
});

describe('outputPath', () => {
  it.each([
    [{ path: '/in/a.pdf' }, {}, '/in/a-signed.pdf'],
    [{ path: 'a' }, {}, 'a-signed'],
    [{ path: '/in/.hidden' }, {}, '/in/.hidden-signed'],
    [{ path: '/in/a\\b.pdf' }, {}, '/in/a\\b-signed.pdf'],
    [{ path: 'C:\\in\\a.pdf' }, {}, 'C:\\in\\a-signed.pdf'],
    [{ path: '/in/x/a.pdf' }, { directory: '/out' }, '/out/a.pdf'],
    [{ path: '/in/x/a.pdf' }, { directory: '/out/', root: '/in' }, '/out/x/a.pdf'],
    [{ path: '/other/a.pdf' }, { directory: '/out', root: '/in' }, '/out/a.pdf'],
    [{ path: '/in/../etc/a.pdf' }, { directory: '/out', root: '/in' }, '/out/a.pdf'],
    [{ path: '/in/a.pdf' }, { directory: '/out', suffix: '-x' }, '/out/a-x.pdf'],
    [{ path: '/in/a.pdf' }, { inPlace: true }, '/in/a.pdf'],
    [{ name: '../../a.pdf' }, { directory: '/out' }, '/out/a.pdf'],
    [{ name: 'C:x.pdf' }, { directory: 'out' }, 'out/x.pdf'],
  ])('puts %j with %j in %s', (document, options, path) => {
    expect(outputPath(document, options)).toBe(path);
  });

  it.each([
    [{ path: '/a.pdf' }, { inPlace: true, directory: '/out' }, 'inPlace'],
    [{ path: '/a.pdf' }, { inPlace: true, suffix: '-s' }, 'inPlace'],
    [{ path: '/a.pdf' }, { suffix: '/../x' }, 'suffix'],
    [{ path: '/a.pdf' }, { suffix: '' }, 'suffix'],
    [{ name: 'a.pdf' }, {}, 'directory'],
    [{ name: 'a.pdf' }, { inPlace: true }, 'inPlace'],
  ])('refuses %j with %j', (document, options, setting) => {
    expect(() => outputPath(document, options)).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', setting }),
    );
  });
});
