import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PDFDocument, StandardFonts } from '@cantoo/pdf-lib';
import { type Sandbox, startSandbox } from '@signstash-connect/sandbox';
import { makePdf } from '../../test/support/pdf.ts';
import type { CorpusFile } from './corpus-file.ts';
import { run } from './tools.ts';

const INVOICE = `<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <!-- ação --><cbc:ID>FT 2026/1</cbc:ID><cbc:Note>100,00 €</cbc:Note>
</Invoice>`;

/** PDFs with each kind of cross-references that the sandbox can sign. */
export async function makePdfs(folder: string): Promise<Record<string, Buffer>> {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.Helvetica);
  for (let page = 0; page < 3; page++) document.addPage([595, 842]).drawText(`Page ${page}`, { x: 72, y: 720, font });
  document.getForm().createTextField('note').addToPage(document.getPage(0), { x: 10, y: 10, width: 100, height: 20 });
  const tables = Buffer.from(await document.save({ useObjectStreams: false }));
  const source = join(folder, 'source.pdf');
  await writeFile(source, tables);
  const qpdf = async (name: string, ...args: string[]) => {
    const target = join(folder, `${name}.pdf`);
    const { exitCode, text } = await run('qpdf', [...args, source, target]);
    if (exitCode !== 0) throw new Error(`qpdf failed: ${text}`);
    return target;
  };
  const { readFile } = await import('node:fs/promises');
  return {
    table: makePdf(),
    'pdf-lib table': tables,
    'pdf-lib streams': Buffer.from(await document.save({ useObjectStreams: true })),
    'qpdf linearized table': await readFile(await qpdf('linear', '--linearize', '--object-streams=disable')),
    'qpdf linearized streams': await readFile(await qpdf('linear-streams', '--linearize', '--object-streams=generate')),
  };
}

/** Everything that the sandbox signs: PAdES, CAdES and XAdES, with both kinds of keys, with and without timestamp. */
export async function signWithSandbox(folder: string): Promise<CorpusFile[]> {
  const pdfs = await makePdfs(folder);
  const files: CorpusFile[] = [];
  for (const keyAlgorithm of ['EC-P256', 'RSA-2048'] as const) {
    const sandbox = await startSandbox({ stateDirectory: join(folder, keyAlgorithm), keyAlgorithm });
    try {
      const sign = await connect(sandbox);
      const add = (kind: CorpusFile['kind'], form: string, bytes: Buffer) =>
        files.push({
          kind,
          origin: `sandbox ${keyAlgorithm}, ${form}`,
          variant: 'as signed',
          bytes,
          rootPath: sandbox.caCertificatePath,
        });
      const visible = {
        templateType: 'ONE_OFF',
        oneOffTemplate: 'Signed',
        locationType: 'COORDINATE',
        locationValue: 'page=1,x=70,y=100',
        area: 'width=200,height=80',
      };
      for (const [name, pdf] of Object.entries(pdfs)) {
        const plain = await sign(pdf, 'application/pdf', { signatureType: 'PAdES', reason: 'Invoice' });
        const stamped = await sign(pdf, 'application/pdf', { signatureType: 'PAdES', applyTimestamp: true });
        add('pdf', `PAdES B-B, ${name}`, plain);
        add('pdf', `PAdES B-T, ${name}`, stamped);
        add(
          'pdf',
          `PAdES visible, ${name}`,
          await sign(pdf, 'application/pdf', { signatureType: 'PAdES', visibleSignatureInfo: visible }),
        );
        add(
          'pdf',
          `PAdES twice, ${name}`,
          await sign(stamped, 'application/pdf', { signatureType: 'PAdES', visibleSignatureInfo: visible }),
        );
      }
      for (const applyTimestamp of [false, true]) {
        const level = applyTimestamp ? 'B-T' : 'B-B';
        add(
          'cms',
          `CAdES ${level}`,
          await sign(Buffer.from('Olá'), 'application/octet-stream', { signatureType: 'CAdES', applyTimestamp }),
        );
        for (const signatureTransform of ['ENVELOPED', 'XPATH', 'XPATH2_FILTER']) {
          for (const canonicalTransform of ['EXCLUSIVE', 'EXCLUSIVE_WITH_COMMENTS']) {
            const advancedSignatureInfo = { signatureTransform, canonicalTransform };
            const signed = await sign(Buffer.from(INVOICE), 'text/xml', {
              signatureType: 'XAdES',
              applyTimestamp,
              advancedSignatureInfo,
            });
            add('xml', `XAdES ${level}, ${signatureTransform}, ${canonicalTransform}`, signed);
          }
        }
      }
    } finally {
      await sandbox.close();
    }
  }
  return files;
}

type Sign = (content: Buffer, contentType: string, signatureInfo: object) => Promise<Buffer>;

async function connect(sandbox: Sandbox): Promise<Sign> {
  const credentials = Buffer.from(`${sandbox.clientId}:${sandbox.clientSecret}`).toString('base64');
  const headers = { authorization: `Basic ${credentials}`, 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await fetch(sandbox.tokenUrl, { method: 'POST', headers, body: 'grant_type=client_credentials' });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return async (content, contentType, signatureInfo) => {
    const documentRequest = {
      externalReference: randomUUID(),
      name: 'document',
      contentType,
      base64Content: content.toString('base64'),
    };
    const response = await fetch(`${sandbox.apiUrl}/api/v0/document/sign/base64/`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        externalReference: randomUUID(),
        description: 'Corpus',
        returnSignedContent: true,
        documents: [{ documentRequest, signatureInfo }],
      }),
    });
    const { documentList } = (await response.json()) as { documentList?: { signedContent?: string }[] };
    const signed = documentList?.[0]?.signedContent;
    if (!signed) throw new Error(`The sandbox did not sign: ${JSON.stringify(documentList)}`);
    return Buffer.from(signed, 'base64');
  };
}
