import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { healthcheck, problemDetails, signstash, signUpload } from '@signstash-connect/express';
import express, { type Express } from 'express';
import type { BatchStore } from './batches/batch-store.ts';
import { batchRoutes } from './http/batch-routes.ts';
import { deskProblems } from './http/desk-error.ts';
import { pageFiles } from './http/page-files.ts';
import { knownHosts, ownPageOnly, securityHeaders } from './http/security.ts';
import type { SealQueue } from './queue/seal-queue.ts';
import type { SigningService } from './signing-service.ts';

export interface DeskParts {
  service: SigningService;
  store: BatchStore;
  queue: SealQueue;
  dataFolder: string;
  /** Names, besides loopback's, under which browsers reach the desk. */
  hostNames?: readonly string[];
}

/** The desk as an Express application. */
export async function createDesk({ service, store, queue, dataFolder, hostNames = [] }: DeskParts): Promise<Express> {
  const { client, clientId, practice } = service;
  const incomingFolder = join(dataFolder, 'incoming');
  await mkdir(incomingFolder, { recursive: true, mode: 0o700 });
  const app = express();
  app.disable('x-powered-by');
  app.use(securityHeaders(), knownHosts(hostNames), ownPageOnly, signstash({ client }));
  app.use('/api', (_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  app.get('/api/desk', (_req, res) => {
    res.json({ practice });
  });
  app.get('/health', healthcheck());
  // For programs: one PDF in, its sealed form out.
  app.post('/api/seal', signUpload({ options: { reason: 'Invoice' } }));
  app.use('/api/batches', batchRoutes({ client, clientId, store, queue, incomingFolder }));
  app.use(pageFiles());
  app.use(problemDetails(), deskProblems);
  return app;
}
