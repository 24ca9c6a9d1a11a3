import type { Fault, Sandbox } from '@signstash-connect/sandbox';
import { describe, expect, it } from 'vitest';
import type { AdapterDriver, DriverTraits, TestFile, TestOutcome, TestSettings } from './driver.ts';
import { finalFaults, recoverableFaults } from './faults.ts';
import { encryptedPdf, isSignedVersionOf, pdfs, simplePdf } from './pdf.ts';
import { pdfSignatures } from './programs.ts';
import { startTestSandbox } from './sandbox.ts';

export type { AdapterDriver, DriverTraits, TestFile, TestOutcome, TestSettings } from './driver.ts';

type CreateDriver = () => AdapterDriver | Promise<AdapterDriver>;

/** Names that every file system accepts but that programs often mishandle. */
const diskNames = [
  'fatura nº 1 – ação.pdf',
  'Ελληνικά 文書 \u{1f4c4}.pdf',
  'cafe\u0301.pdf',
  '=HYPERLINK("x").pdf',
  '--help.pdf',
  '%0A::error::x.pdf',
  'a $(id) `id` ; & b.pdf',
  '<img src=x>[x](y)|z.pdf',
  `${'n'.repeat(230)}.pdf`,
];

/** Names that uploads may contain although they are not valid file names. */
const uploadNames = ['C:x.pdf', 'CON.pdf', 'a:b*c?.pdf', 'quote".pdf'];

/**
 * Registers the behaviours that every adapter must show, whatever its platform. A new adapter gets all of them by writing its
 * driver.
 */
export function describeConformance(adapter: string, traits: DriverTraits, createDriver: CreateDriver): void {
  const timeout = traits.timeoutMs ?? 30_000;

  describe(`conformance of ${adapter}`, { timeout }, () => {
    it.runIf(traits.slow)('signs every document exactly once despite faults of every kind', async () => {
      const { driver, sandbox } = await setUp(createDriver);
      const files = pdfs(recoverableFaults.length);
      sandbox.admin.addFault(...recoverableFaults.map(([, fault]) => fault));
      await signAllOf(driver, files, { sandbox, batchSize: 1 });
      expectSignedOnce(sandbox, files.length);
      for (const [, fault] of recoverableFaults) expectStruck(sandbox, fault);
    });

    it.skipIf(traits.slow).each(recoverableFaults)('signs every document exactly once despite %s', async (_, fault) => {
      const { driver, sandbox } = await setUp(createDriver);
      const files = pdfs(3);
      sandbox.admin.addFault(fault);
      await signAllOf(driver, files, { sandbox });
      expectSignedOnce(sandbox, 3);
      expectStruck(sandbox, fault);
    });

    it('obtains one token for all documents of a run', async () => {
      const { driver, sandbox } = await setUp(createDriver);
      const outcomes = await driver.sign(pdfs(9), { sandbox, batchSize: 3 });
      expect(outcomes.filter(({ ok }) => ok)).toHaveLength(9);
      expect(sandbox.admin.counts().tokensIssued).toBe(1);
    });

    it('retrieves what an earlier run signed instead of signing it again', async () => {
      const { driver, sandbox } = await setUp(createDriver);
      const files = pdfs(2);
      await signAllOf(driver, files, { sandbox });
      await signAllOf(await createDriver(), files, { sandbox });
      expectSignedOnce(sandbox, 2);
    });

    it.each(finalFaults)('reports %s with what failed and what to do', async (code, fault) => {
      const { driver, sandbox } = await setUp(createDriver);
      sandbox.admin.addFault(fault);
      expectFailure(await driver.sign(pdfs(1), { sandbox }), code);
    });

    it('reports refused credentials after one attempt', async () => {
      const { driver, sandbox } = await setUp(createDriver);
      expectFailure(await driver.sign(pdfs(1), { sandbox, clientSecret: 'not the right one' }), 'CREDENTIALS_REFUSED');
      expect(sandbox.admin.counts().tokenRequests).toBe(1);
    });

    it.each([
      ['DOCUMENT_NOT_PDF', Buffer.from('This is text.')],
      ['DOCUMENT_EMPTY', Buffer.alloc(0)],
      ['DOCUMENT_ENCRYPTED', encryptedPdf()],
    ])('reports %s before anything is sent', async (code, bytes) => {
      const { driver, sandbox } = await setUp(createDriver);
      expectFailure(await driver.sign([{ name: 'bad.pdf', bytes }], { sandbox }), code);
      expect(sandbox.admin.counts().requests.sign).toBe(0);
    });

    it('signs the other documents if one of five is invalid', async () => {
      const { driver, sandbox } = await setUp(createDriver);
      const good = pdfs(4);
      const files = [...good.slice(0, 2), { name: 'bad.pdf', bytes: Buffer.from('no PDF') }, ...good.slice(2)];
      const outcomes = byName(await driver.sign(files, { sandbox }));
      expect(outcomes.get('bad.pdf')).toMatchObject({ ok: false });
      if (traits.partial) for (const file of good) expectSigned(outcomes.get(file.name), file);
      else expect(sandbox.admin.counts().documentsSigned).toBe(0);
      await signAllOf(await createDriver(), good, { sandbox });
      expectSignedOnce(sandbox, 4);
    });

    it('signs no document twice when a cancelled run is repeated', async () => {
      const { driver, sandbox } = await setUp(createDriver);
      const files = pdfs(6);
      const controller = new AbortController();
      sandbox.admin.addFault({ kind: 'latency', endpoint: 'sign', phase: 'processing', delayMs: 1_000 });
      const cancelled = driver
        .sign(files, { sandbox, batchSize: 6, signal: controller.signal })
        .catch((error: unknown) => error);
      await expect
        .poll(() => sandbox.admin.counts().requests.sign, { timeout: 20_000, interval: 10 })
        .toBeGreaterThan(0);
      controller.abort();
      await cancelled;
      await signAllOf(await createDriver(), files, { sandbox });
      expectSignedOnce(sandbox, 6);
    });

    it('signs 200 documents in few requests', async () => {
      const { driver, sandbox } = await setUp(createDriver);
      const count = Math.min(200, traits.maxFiles ?? 200);
      const files = pdfs(count);
      const outcomes = byName(await driver.sign(files, { sandbox }));
      for (const file of files) expectSigned(outcomes.get(file.name), file);
      expectSignedOnce(sandbox, count);
      expect(sandbox.admin.counts().requests.sign).toBeLessThanOrEqual(10);
    });

    it('keeps files with Unicode and hostile names apart', async () => {
      const { driver, sandbox } = await setUp(createDriver);
      const names = traits.fromDisk ? diskNames : [...diskNames, ...uploadNames];
      const files = names.map((name, index) => ({ name, bytes: simplePdf(`Fatura ${index}`) }));
      await signAllOf(driver, files, { sandbox });
      expectSignedOnce(sandbox, names.length);
    });

    it('prints, returns and stores no secret', async () => {
      const { driver, sandbox } = await setUp(createDriver);
      const token = 'abcdefgh12345678';
      await driver.sign(pdfs(2), { sandbox });
      await driver.sign(pdfs(1), { sandbox, clientSecret: 'another+secret/with%signs' });
      sandbox.admin.addFault({
        kind: 'reject',
        endpoint: 'sign',
        status: 400,
        causeMessage: `Bearer ${token}`,
        times: 9,
      });
      await driver.sign([{ name: 'x.pdf', bytes: simplePdf('x') }], { sandbox });
      const output = driver.output();
      expect(output.length).toBeGreaterThan(0);
      const everything = output.map((part) => Buffer.from(part).toString('latin1')).join('\n');
      const { clientId, clientSecret } = sandbox;
      for (const secret of [...forms(clientId, clientSecret), ...forms(clientId, 'another+secret/with%signs')]) {
        expect(everything).not.toContain(secret);
      }
      expect(everything).not.toContain(token);
      expect(everything).not.toMatch(/\beyJ[\w-]{10,}/);
    });
  });
}

/** For the suites that may ask independent programs: signatures as `pdfsig` sees them. */
export function describeExternalConformance(adapter: string, traits: DriverTraits, createDriver: CreateDriver): void {
  it(`${adapter} creates signatures that pdfsig accepts`, { timeout: traits.timeoutMs ?? 60_000 }, async () => {
    const { driver, sandbox } = await setUp(createDriver);
    const outcomes = await driver.sign(pdfs(2), { sandbox });
    expect(outcomes).toHaveLength(2);
    for (const { content } of outcomes) {
      const valid = { valid: true, trusted: true, totalDocumentSigned: true, type: 'ETSI.CAdES.detached' };
      expect(await pdfSignatures(content as Uint8Array, sandbox.caCertificatePem)).toEqual([valid]);
      const tampered = Buffer.from(content as Uint8Array);
      tampered[20] = (tampered[20] as number) ^ 1;
      expect((await pdfSignatures(tampered, sandbox.caCertificatePem))[0]?.valid).toBe(false);
    }
  });
}

/** Fails if the fault was not applied, since the test would then prove nothing. */
function expectStruck(sandbox: Sandbox, { kind }: Fault): void {
  const { status, detail } = sandbox.admin.counts().requests;
  // Faults of the operation, not of an answer, are only visible in status requests, which do not happen otherwise.
  if (kind === 'pending' || kind === 'execution-error') expect(status + detail).toBeGreaterThan(0);
  else expect(sandbox.admin.requests().flatMap(({ faults }) => faults)).toContain(kind);
}

async function setUp(createDriver: CreateDriver): Promise<{ driver: AdapterDriver; sandbox: Sandbox }> {
  return { sandbox: await startTestSandbox(), driver: await createDriver() };
}

const byName = (outcomes: readonly TestOutcome[]) => new Map(outcomes.map((outcome) => [outcome.name, outcome]));

/** Runs the adapter as a person would: again, with what is missing, if not everything was signed at once. */
async function signAllOf(driver: AdapterDriver, files: readonly TestFile[], settings: TestSettings): Promise<void> {
  let missing = files;
  for (let run = 1; run <= 3 && missing.length > 0; run++) {
    const outcomes = byName(await driver.sign(missing, settings));
    for (const file of missing) if (outcomes.get(file.name)?.ok) expectSigned(outcomes.get(file.name), file);
    missing = missing.filter(({ name }) => !outcomes.get(name)?.ok);
  }
  expect(missing.map(({ name }) => name)).toEqual([]);
}

function expectSigned(outcome: TestOutcome | undefined, file: TestFile): void {
  expect(outcome).toMatchObject({ name: file.name, ok: true });
  expect(isSignedVersionOf(outcome?.content ?? new Uint8Array(), file.bytes), `${file.name} is signed`).toBe(true);
}

/** Signed, and paid for, once: no reference twice, and no more references than documents. */
function expectSignedOnce(sandbox: Sandbox, documents: number): void {
  const { documentsSigned, signedByReference } = sandbox.admin.counts();
  expect(Object.values(signedByReference).filter((count) => count !== 1)).toEqual([]);
  expect(documentsSigned).toBe(documents);
}

function expectFailure(outcomes: readonly TestOutcome[], code: string): void {
  expect(outcomes).toHaveLength(1);
  const [outcome] = outcomes;
  expect(outcome).toMatchObject({ ok: false, code });
  expect(outcome?.hint).toMatch(/^[A-Z][\s\S]{10,}[.)]$/);
  if (outcome?.title !== undefined) expect(outcome.title).toMatch(/^[A-Z][\s\S]{5,}/);
}

/** Every form in which a header, a URL or a message could show a secret. */
function forms(clientId: string, secret: string): string[] {
  const encoded = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);
  const base64 = (id: string, value: string) => Buffer.from(`${id}:${value}`).toString('base64');
  return [
    secret,
    encoded(secret),
    encodeURIComponent(secret),
    base64(clientId, secret),
    base64(encoded(clientId), encoded(secret)),
  ];
}
