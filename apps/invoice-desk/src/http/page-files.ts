import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import express, { type Router } from 'express';

const web = fileURLToPath(new URL('../../web/', import.meta.url));
const compiled = fileURLToPath(new URL('../../dist/web/', import.meta.url));
const pdfjs = dirname(createRequire(import.meta.url).resolve('pdfjs-dist/package.json'));

/** The pages, their scripts and pdf.js, all from this machine. */
export function pageFiles(): Router {
  const router = express.Router();
  const options = { dotfiles: 'deny', fallthrough: true, redirect: false } as const;
  router.get('/', (_req, res) => res.sendFile(join(web, 'index.html')));
  router.get('/check', (_req, res) => res.sendFile(join(web, 'check.html')));
  for (const file of ['desk.css', 'icon.svg']) router.get(`/${file}`, (_req, res) => res.sendFile(join(web, file)));
  router.use('/scripts', express.static(compiled, options));
  for (const folder of ['build', 'cmaps', 'standard_fonts', 'wasm', 'iccs']) {
    router.use(`/pdfjs/${folder}`, express.static(join(pdfjs, folder), { ...options, immutable: true, maxAge: '1h' }));
  }
  return router;
}
