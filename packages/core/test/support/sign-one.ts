// Signs one document in a separate process, so that a test can set its environment variables.
import { createSignStash } from '@signstash-connect/core';
import { minimalPdf } from './minimal-pdf.ts';

await createSignStash(JSON.parse(process.argv[2] as string)).sign(minimalPdf(), { name: 'one.pdf' });
