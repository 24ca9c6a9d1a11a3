import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { run } from './run.ts';
import { embeddedSignatures } from './signed-pdf.ts';
import { temporaryFile, temporaryFolder, temporaryRoot } from './temporary-folder.ts';

interface SignatureReport {
  fieldName: string;
  signer: string;
  /** Such as `ETSI.CAdES.detached`. */
  type: string;
  hashAlgorithm: string;
  valid: boolean;
  trusted: boolean;
  totalDocumentSigned: boolean;
  /** pdfsig's message, such as `Digest Mismatch.`. */
  validation: string;
  certificateValidation: string;
}

export interface PdfReport {
  /** There are signatures, and each one is valid. */
  valid: boolean;
  /** The newest signature chains to the given root. */
  trusted: boolean;
  /** The newest signature covers the whole file. */
  totalDocumentSigned: boolean;
  /** Oldest first. */
  signatures: SignatureReport[];
  /** Everything pdfsig said. */
  text: string;
}

/** Runs poppler's pdfsig on the signatures of a PDF (a path or its bytes), trusting the given root only. */
export async function verifySignature(pdf: string | Uint8Array, caPem: string): Promise<PdfReport> {
  const trust = await trustStore(caPem);
  const path = typeof pdf === 'string' ? pdf : temporaryFile(pdf);
  let text = await runPdfsig(path, trust);
  if (text.includes('Unknown issue with Certificate')) {
    // NSS fails on a certificate that two signatures of one file contain, unless it was imported before.
    await trust.learn(await embeddedCertificates(path));
    text = await runPdfsig(path, trust);
  }
  const signatures = parseReport(text);
  const newest = signatures.at(-1);
  return {
    valid: signatures.length > 0 && signatures.every(({ valid }) => valid),
    trusted: newest?.trusted ?? false,
    totalDocumentSigned: newest?.totalDocumentSigned ?? false,
    signatures,
    text,
  };
}

async function runPdfsig(path: string, { database }: TrustStore): Promise<string> {
  // Its exit code is useless: it is 0 for a tampered file, too.
  return (await run('pdfsig', ['-nssdir', database, path])).text;
}

function parseReport(text: string): SignatureReport[] {
  return (
    text
      .split(/^Signature #\d+:$/m)
      .slice(1)
      // pdfsig lists the empty signature fields of a form, too.
      .filter((section) => !section.includes('is not signed'))
      .map((section) => {
        const line = (label: string) => new RegExp(`^ {2}- ${label}: (.*)$`, 'm').exec(section)?.[1] ?? '';
        const validation = line('Signature Validation');
        const certificateValidation = line('Certificate Validation');
        const report: SignatureReport = {
          fieldName: line('Signature Field Name'),
          signer: line('Signer Certificate Common Name'),
          type: line('Signature Type'),
          hashAlgorithm: line('Signing Hash Algorithm'),
          valid: validation === 'Signature is Valid.',
          trusted: certificateValidation === 'Certificate is Trusted.',
          totalDocumentSigned: /^ {2}- Total document signed$/m.test(section),
          validation,
          certificateValidation,
        };
        const end = Number(/(\d+)\]$/m.exec(line('Signed Ranges'))?.[1] ?? 0);
        return { report, end };
      })
      .sort((a, b) => a.end - b.end)
      .map(({ report }) => report)
  );
}

interface TrustStore {
  /** As NSS names it: `sql:/path`. */
  database: string;
  /** Makes certificates known, without trusting them. */
  learn(pems: readonly string[]): Promise<void>;
}

/** One per root and process: creating one takes a quarter of a second. */
const trustStores = new Map<string, Promise<TrustStore>>();

function trustStore(caPem: string): Promise<TrustStore> {
  const key = `${temporaryRoot()} ${caPem}`;
  const known = trustStores.get(key);
  if (known) return known;
  const created = createTrustStore(caPem);
  trustStores.set(key, created);
  return created;
}

async function createTrustStore(caPem: string): Promise<TrustStore> {
  const database = `sql:${temporaryFolder()}`;
  await certutil(['-N', '-d', database, '--empty-password']);
  const add = async (pem: string, trust: string) => {
    const nickname = createHash('sha256').update(pem).digest('hex');
    const path = temporaryFile(Buffer.from(pem));
    await certutil(['-A', '-d', database, '-n', nickname, '-t', trust, '-i', path]);
  };
  await add(caPem, 'CT,C,C');
  const known = new Set([caPem.trim()]);
  // Sequential: certutil does not wait for another certutil.
  let queue = Promise.resolve();
  return {
    database,
    learn(pems) {
      queue = queue.then(async () => {
        for (const pem of pems) {
          if (known.has(pem.trim())) continue;
          known.add(pem.trim());
          await add(pem, ',,');
        }
      });
      return queue;
    },
  };
}

async function certutil(args: string[]): Promise<void> {
  const { exitCode, text } = await run('certutil', args);
  if (exitCode !== 0) throw new Error(`certutil ${args.join(' ')} failed: ${text}`);
}

async function embeddedCertificates(path: string): Promise<string[]> {
  const found = await Promise.all(
    embeddedSignatures(await readFile(path)).map(async ({ cms }) => {
      const { text } = await run('openssl', ['pkcs7', '-inform', 'DER', '-print_certs'], cms);
      return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? [];
    }),
  );
  return [...new Set(found.flat())];
}
