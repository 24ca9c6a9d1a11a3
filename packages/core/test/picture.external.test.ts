import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { accessTo, pdfSignatures, runProgram, startTestSandbox, temporaryFolder } from '@signstash-connect/testing';
import { openBrowser, takePicture, textWindow } from '@signstash-connect/testing/pictures';
import { expect, it } from 'vitest';
import { createSignStash } from '../src/index.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const sample = /## Visible seals\n\n```ts client\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';

const invoice = `<body style="font: 15px sans-serif; margin: 48px"><h1>Fatura FT 2026/7</h1><p>Padaria Aurora, Lda. · NIF 500 000 000
  <p style="margin-top: 170px"><table width="100%" cellpadding="8"><tr align="left"><th>Descrição<th>Qtd.<th>Total
  <tr><td>Pão de centeio<td>40<td>34,00 €<tr><td>Pastel de nata<td>120<td>138,00 €<tr><th align="left">Total com IVA<td><th align="left">182,32 €</table>`;

it('the sample for visible seals puts a valid seal where it says', async () => {
  const sandbox = await startTestSandbox();
  const browser = await openBrowser();
  try {
    const page = await browser.newPage();
    await page.setContent(invoice);
    const pdf = await page.pdf({ format: 'A4' });
    const client = createSignStash(accessTo(sandbox));
    const { content } = await client.sign(pdf, {
      visible: {
        template: 'Digitally signed by $certificate.getCommonName()',
        at: { page: 1, x: 70, y: 100 },
        area: { width: 155, height: 50 },
      },
    });
    const [signature] = await pdfSignatures(content, await readFile(sandbox.caCertificatePath, 'utf8'));
    expect(signature).toMatchObject({ valid: true, trusted: true, totalDocumentSigned: true });
    const folder = temporaryFolder();
    await writeFile(join(folder, 'invoice-signed.pdf'), content);
    const path = join(folder, 'page');
    const { exitCode } = await runProgram('pdftoppm', [
      '-png',
      '-singlefile',
      '-r',
      '70',
      join(folder, 'invoice-signed.pdf'),
      path,
    ]);
    expect(exitCode).toBe(0);
    const picture = (await readFile(`${path}.png`)).toString('base64');
    const report =
      `$ pdfsig invoice-signed.pdf\n${(await runProgram('pdfsig', [join(folder, 'invoice-signed.pdf')])).text}`
        .split('\n')
        .filter((line) => /^\$|Common Name|Type|Total|Signature Validation/.test(line))
        .join('\n');
    const shown = await takePicture(
      browser,
      `<div class="columns"><div>${textWindow('sign.mjs', sample)}${textWindow('Terminal', report)}</div>
       <div class="page"><img alt="" src="data:image/png;base64,${picture}"></div></div>`,
      {
        file: new URL('../docs/signed-invoice.png', import.meta.url),
        width: 1160,
        scale: 1,
        style: `.columns { display: grid; grid-template-columns: 1fr 500px; gap: 16px; align-items: start }
          .page { border: 1px solid #d0d7de; height: 350px; overflow: hidden } .page img { width: 100% }`,
      },
    );
    expect(shown).toContain('Signature is Valid');
    expect(shown).toContain('await signstash.sign(');
  } finally {
    await browser.close();
    await sandbox.close();
  }
});
