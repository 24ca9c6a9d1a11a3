import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { minimalPdf } from '../../../core/test/support/minimal-pdf.ts';
import { type ActionRun, temporaryFolder } from '../harness/run-action.ts';

/** A workspace with these files; a number stands for that many PDFs. */
export function workspaceWith(files: Record<string, Buffer | string> | number): string {
  const folder = temporaryFolder('signstash-workspace-');
  const given = typeof files === 'number' ? pdfs(files) : files;
  for (const [name, content] of Object.entries(given)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const pdfs = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}.pdf`, minimalPdf(`Fatura ${index}`)]));

export const isSigned = (path: string): boolean => readFileSync(path).includes('ETSI.CAdES.detached');

export const errorsOf = ({ commands }: ActionRun) => commands.filter(({ name }) => name === 'error');

export const signedFiles = ({ outputs }: ActionRun): string[] => JSON.parse(outputs['signed-files'] ?? '').sort();

export interface Report {
  version: number;
  totals: Record<string, number>;
  files: {
    file: string;
    status: string;
    reference?: string;
    output?: string;
    sha256?: string;
    recovered?: boolean;
    problem?: { code: string; message: string; hint: string };
  }[];
}

export const reportOf = ({ outputs }: ActionRun): Report =>
  JSON.parse(readFileSync(outputs['report-path'] ?? '', 'utf8')) as Report;
