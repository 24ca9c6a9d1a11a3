import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as main from '../src/index.ts';

/** What applications import, types included. Everything else belongs into the entries `client`, `adapter` or `adapter/node`. */
const expected = `
BatchDocument BatchOptions BatchProgress BatchResult BatchSummary ConfigurationError DocumentContent
DocumentFailedError DocumentInput Environment ErrorCode FailedDocument FileReferenceLock Hooks Logger
Operation OutcomeUnknownError Preservation QuotaExceededError RedisReferenceLock ReferenceLock
ResultStore SealPosition ServiceRejectedError SignBatch SignOneOptions SignOptions SignResult SignStash
SignStashError SignStashOptions SignatureOptions SignedBatchDocument SignedDocument TokenStore
ValidationError VisibleSeal XmlSignature createSignStash folderResultStore fromEnv isSignStashError
keyvResultStore onPremise optionsFromEnv
`;

const source = readFileSync(new URL('../src/index.ts', import.meta.url), 'utf8');

it('exports from the main entry exactly what applications need', () => {
  const names = [...source.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, list = '']) =>
    list.split(',').flatMap((name) => name.replace(/\btype\b/, '').trim() || []),
  );
  const byName = (a: string, b: string) => (a < b ? -1 : 1);
  expect(names.sort(byName)).toEqual(expected.trim().split(/\s+/).sort(byName));
  expect(Object.keys(main).every((name) => names.includes(name))).toBe(true);
  expect(source).not.toContain('export *');
});
