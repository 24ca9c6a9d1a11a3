import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { healthcheck, problemDetails, signstash, signUpload } from '@signstash-connect/express';
import express, { type Express } from 'express';
import type { BatchStore } from './batches/batch-store.ts';
import { requireAccess } from './http/access.ts';
import { batchRoutes } from './http/batch-routes.ts';
import { checkRoute } from './http/check-route.ts';
import { deskProblems } from './http/desk-error.ts';
import { pageFiles } from './http/page-files.ts';
import { knownHosts, ownPageOnly, securityHeaders } from './http/security.ts';
import type { SignQueue } from './queue/sign-queue.ts';
import type { Settings } from './settings.ts';
import type { SigningService } from './signing-service.ts';

export interface DeskParts {
  service: SigningService;
  store: BatchStore;
  queue: SignQueue;
  settings: Pick<Settings, 'accessToken' | 'dataFolder' | 'hostNames'>;
}

/** The desk as an Express application. */
export async function createDesk({ service, store, queue, settings }: DeskParts): Promise<Express> {
  const { client, clientId, sandboxMode, trust } = service;
  const incomingFolder = join(settings.dataFolder, 'incoming');
  await mkdir(incomingFolder, { recursive: true, mode: 0o700 });
  const app = express();
  app.disable('x-powered-by');
  app.use(securityHeaders(), knownHosts(settings.hostNames), ownPageOnly, signstash({ client, logger: console }));
  // For a load balancer, without access token: they say nothing about documents.
  app.get('/live', (_req, res) => void res.sendStatus(204));
  app.get('/health', healthcheck());
  app.use(requireAccess(settings.accessToken));
  app.use('/api', (_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  app.get('/api/desk', (_req, res) => {
    res.json({ sandboxMode });
  });
  // For programs: one PDF in, the signed PDF out.
  app.post('/api/sign', signUpload({ options: { reason: 'Invoice' } }));
  app.use('/api/batches', batchRoutes({ client, clientId, store, queue, incomingFolder }));
  app.use('/api/check', checkRoute({ trust, incomingFolder }));
  app.use(pageFiles());
  app.use(problemDetails({ logger: console }), deskProblems);
  return app;
}
