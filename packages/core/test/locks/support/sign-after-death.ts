import { join } from 'node:path';
import type { Sandbox } from '@signstash-connect/sandbox';
import { expect } from 'vitest';
import type { BatchResult, ReferenceLock } from '../../../src/index.ts';
import { clientOf, impatient } from '../../support/sandbox-client.ts';

async function collect(batch: AsyncIterable<BatchResult>): Promise<BatchResult[]> {
  const results: BatchResult[] = [];
  for await (const result of batch) results.push(result);
  return results;
}

/** Leases that are never given back, as those of a process that died. */
const neverReleased = (lock: ReferenceLock): ReferenceLock => ({
  acquire: async (keys) => ({ ...(await lock.acquire(keys)), release: async () => {} }),
});

/**
 * Signs the PDFs of a folder while the request of a dead process with the same documents is on its way: the service registers that
 * request only after the successor has looked every document up twice. Expects that each document is signed once.
 *
 * @param expireLeases - Called after the dead process took its leases.
 */
export async function signAfterDeath(
  sandbox: Sandbox,
  folder: string,
  locks: { dead: ReferenceLock; successor: ReferenceLock },
  expireLeases: () => Promise<void> = async () => {},
): Promise<void> {
  const documents = `${folder}/*.pdf`;
  const onItsWay = createSignal();
  const arrives = createSignal();
  const dead = clientOf(sandbox, {
    fetch: async (input, init) => {
      if (isSignRequest(input)) {
        onItsWay.fire();
        await arrives.fired;
      }
      return fetch(input, init);
    },
  });
  const options = {
    lookUpFirst: false,
    outputDirectory: join(folder, 'dead'),
    referenceLock: neverReleased(locks.dead),
  };
  const registered = collect(dead.signAll(documents, options));
  await onItsWay.fired;
  await expireLeases();

  let lookUps = 0;
  const successor = clientOf(sandbox, {
    retry: { ...impatient, lookupGraceMs: 60_000 },
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (new URL(urlOf(input)).pathname.includes('withDocumentExternalReference') && ++lookUps === 6) {
        arrives.fire();
        await registered;
      }
      return response;
    },
  });
  const results = await collect(
    successor.signAll(documents, { ...options, outputDirectory: join(folder, 'out'), referenceLock: locks.successor }),
  );
  // Also if nothing was looked up: the request arrives in any case.
  arrives.fire();
  await registered;
  expect(results.map((result) => result.ok && result.recovered)).toEqual([true, true, true]);
  expect(Object.values(sandbox.admin.counts().signedByReference)).toEqual([1, 1, 1]);
}

function createSignal(): { fired: Promise<void>; fire: () => void } {
  let fire = () => {};
  const fired = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return { fired, fire: () => fire() };
}

const urlOf = (input: string | URL | Request) => (input instanceof Request ? input.url : String(input));
const isSignRequest = (input: string | URL | Request) => urlOf(input).includes('/document/sign/');
