import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { SignStash } from '@signstash-connect/core';
import { create as contentDisposition } from 'content-disposition';
import express, { type Request, type Router } from 'express';
import yazl from 'yazl';
import type { Batch } from '../batches/batch.ts';
import type { BatchStore } from '../batches/batch-store.ts';
import type { SealQueue } from '../queue/seal-queue.ts';
import { viewBatch } from './batch-view.ts';
import { DeskError } from './desk-error.ts';
import { readSeal } from './read-seal.ts';
import { identifyFiles, receiveFiles } from './receive-documents.ts';

export interface BatchRoutesParts {
  client: SignStash;
  clientId: string;
  store: BatchStore;
  queue: SealQueue;
  /** Uploads arrive here; on the same disk as the store. */
  incomingFolder: string;
}

/** Hand in, watch, fetch, resend, remove. */
export function batchRoutes({ client, clientId, store, queue, incomingFolder }: BatchRoutesParts): Router {
  const router = express.Router();

  router.post('/', receiveFiles(incomingFolder), async (req, res) => {
    const files = (req.files ?? []) as Express.Multer.File[];
    try {
      const seal = readSeal(req.body?.seal);
      const { documents, duplicates } = await identifyFiles(files, clientId);
      if (documents.length === 0) throw new DeskError('NO_DOCUMENTS', 400, 'There is no document in the upload.');
      const batch = await store.create(seal, documents);
      await queue.add(batch);
      res.status(201).json({ ...(await viewBatch(batch, store, queue)), duplicates });
    } finally {
      // Those of a batch have been moved; a refused upload leaves nothing behind.
      await Promise.all(files.map(({ path }) => rm(path, { force: true })));
    }
  });

  router.get('/:batch', async (req, res) => {
    res.json(await viewBatch(await findBatch(req), store, queue));
  });

  router.delete('/:batch', async (req, res) => {
    await store.remove((await findBatch(req)).id);
    res.status(204).end();
  });

  router.get('/:batch/quota', async (req, res) => {
    const operationId = await lastOperation(await findBatch(req));
    const quota = operationId && (await client.operations.status(operationId)).quota;
    res.json(quota || {});
  });

  router.get('/:batch/documents.zip', async (req, res) => {
    const batch = await findBatch(req);
    const zip = new yazl.ZipFile();
    const names = new Set<string>();
    for (const { id, name } of batch.documents) {
      const key = { batchId: batch.id, documentId: id };
      if (!(await store.result(key))?.ok) continue;
      zip.addFile(store.sealedPath(key), unusedName(name, names), { compress: false });
    }
    zip.end();
    res.set({ 'Content-Type': 'application/zip', 'Content-Disposition': contentDisposition('sealed-documents.zip') });
    await pipeline(zip.outputStream, res);
  });

  router.get('/:batch/documents/:document', async (req, res) => {
    const { key, name } = await findSealed(req);
    res.set({ 'Content-Type': 'application/pdf', 'Content-Disposition': contentDisposition(sealedName(name)) });
    await new Promise<void>((resolve, reject) => {
      res.sendFile(store.sealedPath(key), { dotfiles: 'allow' }, (error) => (error ? reject(error) : resolve()));
    });
  });

  router.post('/:batch/documents/:document/mail', express.json({ limit: '16kb' }), async (req, res) => {
    const { operationId } = await findSealed(req);
    const { receivers, attach } = req.body as { receivers?: unknown; attach?: unknown };
    if (!Array.isArray(receivers) || receivers.length === 0 || receivers.length > 20) {
      throw new DeskError('RECEIVER_INVALID', 400, 'Give between 1 and 20 e-mail addresses.');
    }
    await client.operations.resendMail(operationId, receivers.map(String), { attachDocuments: attach === true });
    res.status(204).end();
  });

  async function findBatch(req: Request): Promise<Batch> {
    const batch = await store.batch(String(req.params.batch));
    if (batch) return batch;
    throw new DeskError('BATCH_UNKNOWN', 404, 'There is no such batch, or it has been removed.');
  }

  async function findSealed(req: Request) {
    const batch = await findBatch(req);
    const document = batch.documents.find(({ id }) => id === req.params.document);
    const key = { batchId: batch.id, documentId: document?.id ?? '' };
    const result = document && (await store.result(key));
    if (document && result?.ok) return { key, name: document.name, operationId: result.operationId };
    throw new DeskError('DOCUMENT_UNKNOWN', 404, 'There is no such sealed document.');
  }

  async function lastOperation(batch: Batch): Promise<string | undefined> {
    for (const { id } of batch.documents.toReversed()) {
      const result = await store.result({ batchId: batch.id, documentId: id });
      if (result?.ok) return result.operationId;
    }
    return undefined;
  }

  return router;
}

const sealedName = (name: string): string => `${name.replace(/\.pdf$/i, '')}-sealed.pdf`;

function unusedName(name: string, used: Set<string>): string {
  let unused = sealedName(name);
  for (let number = 2; used.has(unused.toLowerCase()); number++) unused = sealedName(`${name} (${number})`);
  used.add(unused.toLowerCase());
  return unused;
}
