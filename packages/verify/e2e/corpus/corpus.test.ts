import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TrustStore, type VerificationReport, verifyDocument } from '../../src/index.ts';
import { sameSignedParts, sameSignedPdf, sameSignedXml } from '../fuzz/unsigned-parts.ts';
import type { CorpusFile } from './corpus-file.ts';
import { signWithSandbox } from './sandbox-files.ts';
import { signWithTools } from './tool-files.ts';
import { askTool, type Opinion, TOOLS } from './tools.ts';
import { makeVariants } from './variants.ts';

interface Row {
  file: CorpusFile;
  ours: VerificationReport;
  theirs: Opinion;
}

/** Why this package refuses what a program accepts: codes of reasons that the program does not check. */
const STRICTER: Record<CorpusFile['kind'], Record<string, string>> = {
  pdf: {
    'change-not-allowed': 'pdfsig reports "Not total document signed" and leaves the judgement to the reader',
    'trailing-data': 'pdfsig ignores data after the end of the file and after the CMS',
    'contents-outside-gap': 'pdfsig ignores what is not a hexadecimal digit in /Contents',
    'signing-certificate-mismatch': 'pdfsig does not check the signing-certificate attribute',
    'malformed-document': 'pdfsig skips what is not a hexadecimal digit, and repairs damaged structures',
    'malformed-signature': 'pdfsig accepts CMS that is malformed',
    'timestamp-invalid': 'pdfsig does not check signature timestamps',
    'key-usage': 'pdfsig does not check the certificate of a timestamp',
    'certificate-not-valid-at-time': 'pdfsig was asked not to check certificates',
    'chain-invalid': 'pdfsig was asked not to check certificates',
    'signing-certificate-missing': 'pdfsig accepts PAdES without a signing-certificate attribute',
  },
  cms: {
    'weak-algorithm': 'openssl accepts SHA-1',
    unsupported: 'signatures without signed attributes are not supported',
    'timestamp-invalid': 'openssl does not check signature timestamps',
    'malformed-signature': 'openssl accepts data after the signature',
    'key-usage': 'openssl does not check the certificate of a timestamp',
  },
  xml: {
    'timestamp-invalid': 'xmlsec1 does not check signature timestamps',
    'malformed-signature': 'xmlsec1 skips what is not Base64, and knows no unsigned properties',
    'signing-certificate-mismatch': 'xmlsec1 does not know XAdES',
    'key-usage': 'xmlsec1 does not check the certificate of a timestamp',
    'partial-coverage': 'xmlsec1 does not ask what the signature covers',
  },
};

/** Why this package accepts what a program refuses. */
function explainLenience({ file: { kind, bytes, asSigned } }: Row): string | undefined {
  if (!asSigned) return undefined;
  const isSame = { pdf: sameSignedPdf, cms: sameSignedParts, xml: sameSignedXml }[kind];
  return isSame(asSigned, bytes) ? `${TOOLS[kind]} refuses damage in a part that no signature covers` : undefined;
}

let folder: string;
const rows: Row[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verify-corpus-'));
  const signed = [...(await signWithSandbox(folder)), ...(await signWithTools(folder))];
  const files = signed.flatMap((file, index) => makeVariants(file, index + 1));
  const trust = new Map<string, TrustStore>();
  for (const { rootPath } of files) if (!trust.has(rootPath)) trust.set(rootPath, await TrustStore.fromFiles(rootPath));
  for (const [index, file] of files.entries()) {
    const original = file.content && { original: file.content };
    const [ours, theirs] = await Promise.all([
      verifyDocument(file.bytes, { trust: trust.get(file.rootPath)!, ...original }),
      askTool(file, folder, index),
    ]);
    rows.push({ file, ours, theirs });
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** pdfsig is asked about the signature alone, the others also about the chain. */
function accepts({ file, ours }: Row): boolean {
  return ours.verdict === 'valid' || (file.kind === 'pdf' && ours.verdict === 'valid-but-untrusted');
}

/** The reasons that keep a report from being accepted. */
function decisive({ file, ours }: Row) {
  const severities = file.kind === 'pdf' ? ['invalid', 'indeterminate'] : ['invalid', 'indeterminate', 'untrusted'];
  return ours.reasons.filter(({ severity }) => severities.includes(severity));
}

function explain(row: Row): string | undefined {
  if (accepts(row)) return explainLenience(row);
  const rules = STRICTER[row.file.kind];
  const { kind, asSigned } = row.file;
  // Keys differ in each run, so a random change can damage any part: refusing a damaged file is right wherever the damage is.
  const damaged = asSigned && `the file is damaged in a part that ${TOOLS[kind]} does not check`;
  const named = decisive(row).map(({ code }) => {
    const rule = rules[code] ?? damaged;
    return rule && `${code}: ${rule}`;
  });
  return named.every((rule) => rule) ? named[0] : undefined;
}

it('has at least 300 files', () => {
  expect(rows.length).toBeGreaterThanOrEqual(300);
});

it('accepts every file as it was signed, except for those with a named reason', () => {
  const refused = rows.filter((row) => row.file.variant === 'as signed' && !accepts(row));
  const summary = refused.map((row) => [row.file.origin, decisive(row)[0]?.code].join(': '));
  expect(summary.sort()).toEqual([
    '@signpdf, ETSI.CAdES.detached, streams: signing-certificate-missing',
    '@signpdf, ETSI.CAdES.detached, table: signing-certificate-missing',
    'openssl cms, RSA, SHA-1: weak-algorithm',
    'openssl cms, RSA, no certificates: signing-certificate-missing',
    'openssl cms, RSA, no signed attributes: unsupported',
  ]);
});

it('agrees with pdfsig, openssl and xmlsec1, or names the rule by which it does not', () => {
  const table = Object.entries(TOOLS).map(([kind, tool]) => {
    const own = rows.filter(({ file }) => file.kind === kind);
    const agreed = own.filter((row) => accepts(row) === (row.theirs === 'valid'));
    const both = agreed.filter(accepts).length;
    const stricter = own.filter((row) => !accepts(row) && row.theirs === 'valid');
    const lenient = own.filter((row) => accepts(row) && row.theirs === 'invalid');
    return {
      tool,
      files: own.length,
      'both accept': both,
      'both refuse': agreed.length - both,
      'only we refuse': stricter.length,
      'only we accept': lenient.length,
    };
  });
  console.table(table);
  const disagreements = rows.filter((row) => accepts(row) !== (row.theirs === 'valid'));
  const rules = new Map<string, number>();
  for (const row of disagreements) {
    const rule = `${TOOLS[row.file.kind]}: ${explain(row) ?? 'unexplained'}`;
    rules.set(rule, (rules.get(rule) ?? 0) + 1);
  }
  console.table([...rules].map(([rule, files]) => ({ rule, files })));
  const unexplained = disagreements.filter((row) => !explain(row));
  const summary = unexplained.map(({ file, ours, theirs }) => ({
    file: `${file.origin}, ${file.variant}`,
    ours: [ours.verdict, ...ours.reasons.map(({ code, message }) => `${code}: ${message}`)],
    theirs,
  }));
  expect(summary).toEqual([]);
});
