import { rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { SignStash } from '@signstash-connect/core';
import { signedFileName, UniqueNames } from '@signstash-connect/core/adapter';
import { create as contentDisposition } from 'content-disposition';
import express, { type Request, type Router } from 'express';
import yazl from 'yazl';
import type { Batch } from '../batches/batch.ts';
import type { BatchStore } from '../batches/batch-store.ts';
import type { SignQueue } from '../queue/sign-queue.ts';
import { viewBatch } from './batch-view.ts';
import { DeskError } from './desk-error.ts';
import { identifyFiles, receiveFiles } from './receive-documents.ts';
import { readSignOptions } from './sign-options.ts';

export interface BatchRoutesParts {
  client: SignStash;
  clientId: string;
  store: BatchStore;
  queue: SignQueue;
  /** Uploads arrive here; on the same disk as the store. */
  incomingFolder: string;
}

/** Create, watch, download, resend, remove. */
export function batchRoutes({ client, clientId, store, queue, incomingFolder }: BatchRoutesParts): Router {
  const router = express.Router();

  router.post('/', receiveFiles(incomingFolder), async (req, res) => {
    const files = (req.files ?? []) as Express.Multer.File[];
    try {
      const options = readSignOptions(req.body?.options);
      const { documents, duplicates } = await identifyFiles(files, clientId);
      if (documents.length === 0) throw new DeskError('NO_DOCUMENTS', 400, 'The upload contains no document.');
      const batch = await store.create(options, documents);
      await enqueue(batch);
      res.status(201).json({ ...(await viewBatch(batch, store, queue)), duplicates });
    } finally {
      // Files of a batch have been moved; a refused upload must leave nothing behind.
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
    const quota = operationId && (await client.operations.getStatus(operationId)).quota;
    res.json(quota || {});
  });

  router.get('/:batch/documents.zip', async (req, res) => {
    const batch = await findBatch(req);
    const zip = new yazl.ZipFile();
    const names = new UniqueNames();
    for (const { id, name } of batch.documents) {
      const key = { batchId: batch.id, documentId: id };
      if (!(await store.result(key))?.ok) continue;
      zip.addFile(store.signedPath(key), names.claim(signedFileName(name)), { compress: false });
    }
    zip.end();
    res.set({ 'Content-Type': 'application/zip', 'Content-Disposition': contentDisposition('signed-documents.zip') });
    await pipeline(zip.outputStream, res);
  });

  router.get('/:batch/documents/:document', async (req, res) => {
    const { key, name } = await findSigned(req);
    res.set({ 'Content-Type': 'application/pdf', 'Content-Disposition': contentDisposition(signedFileName(name)) });
    await new Promise<void>((resolve, reject) => {
      res.sendFile(store.signedPath(key), { dotfiles: 'allow' }, (error) => (error ? reject(error) : resolve()));
    });
  });

  router.post('/:batch/documents/:document/mail', express.json({ limit: '16kb' }), async (req, res) => {
    const { operationId } = await findSigned(req);
    // Undefined for a body that is not JSON.
    const { receivers, attach } = (req.body ?? {}) as { receivers?: unknown; attach?: unknown };
    if (!Array.isArray(receivers) || receivers.length === 0 || receivers.length > 20 || !receivers.every(isText)) {
      throw new DeskError('RECEIVER_INVALID', 400, 'Send {"receivers": […]} with 1 to 20 e-mail addresses.');
    }
    await client.operations.resendEmails(operationId, receivers, { attachDocuments: attach === true });
    res.status(204).end();
  });

  /** A batch that cannot be queued is removed again, so that none waits for ever. */
  async function enqueue(batch: Batch): Promise<void> {
    try {
      await queue.add(batch);
    } catch (error) {
      console.error('Queue:', error);
      await store.remove(batch.id);
      throw new DeskError('QUEUE_UNAVAILABLE', 503, 'The queue is not available; nothing was signed. Try again later.');
    }
  }

  async function findBatch(req: Request): Promise<Batch> {
    const batch = await store.batch(String(req.params.batch));
    if (batch) return batch;
    throw new DeskError('BATCH_UNKNOWN', 404, 'There is no such batch, or it was removed.');
  }

  async function findSigned(req: Request) {
    const batch = await findBatch(req);
    const document = batch.documents.find(({ id }) => id === req.params.document);
    const key = { batchId: batch.id, documentId: document?.id ?? '' };
    const result = document && (await store.result(key));
    if (document && result?.ok) return { key, name: document.name, operationId: result.operationId };
    throw new DeskError('DOCUMENT_UNKNOWN', 404, 'There is no such signed document.');
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

const isText = (value: unknown): value is string => typeof value === 'string';
