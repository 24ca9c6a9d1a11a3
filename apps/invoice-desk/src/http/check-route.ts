import { rm } from 'node:fs/promises';
import { safeFileName } from '@signstash-connect/core/adapter';
import type { TrustStore } from '@signstash-connect/verify';
import { verifyDocument } from '@signstash-connect/verify';
import express, { type Router } from 'express';
import multer from 'multer';
import pLimit from 'p-limit';
import { DeskError } from './desk-error.ts';
import { uploadLimits } from './receive-documents.ts';

export interface CheckRouteParts {
  trust: TrustStore;
  /** Uploads arrive here, and are removed once they are checked. */
  incomingFolder: string;
}

/** Verifies an uploaded document and responds with the report; keeps nothing. */
export function checkRoute({ trust, incomingFolder }: CheckRouteParts): Router {
  const router = express.Router();
  // Verification computes in this process: the desk must stay responsive.
  const limit = pLimit(2);
  const receive = multer({
    dest: incomingFolder,
    defParamCharset: 'utf8',
    preservePath: true,
    limits: { fileSize: uploadLimits.fileSize, files: 1, fields: 0, parts: 1 },
  }).single('document');

  router.post('/', receive, async (req, res) => {
    const { file } = req;
    if (!file) throw new DeskError('NO_DOCUMENTS', 400, 'The upload contains no document.');
    const disconnected = new AbortController();
    res.once('close', () => disconnected.abort());
    try {
      const options = { trust, signal: disconnected.signal };
      const report = await limit(() => verifyDocument(file.path, options));
      res.json({ name: safeFileName(file.originalname), ...report });
    } catch (error) {
      if (!disconnected.signal.aborted) throw error;
    } finally {
      await rm(file.path, { force: true });
    }
  });
  return router;
}
