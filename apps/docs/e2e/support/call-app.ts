import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';

/** Calls an application once at each path; a path that begins with POST: gets a PDF. */
export async function callApp(app: Express, paths: readonly string[]): Promise<void> {
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const path of paths) {
    const upload = path.startsWith('POST:');
    const body = upload ? new Blob([await readFile('invoice.pdf')]) : null;
    const answer = upload
      ? await fetch(url + path.slice(5), { method: 'POST', body, headers: { 'content-type': 'application/pdf' } })
      : await fetch(url + path);
    const text = Buffer.from(await answer.arrayBuffer()).toString('latin1');
    if (!answer.ok) throw new Error(`${path} answers ${answer.status}: ${text}`);
    if (answer.headers.get('content-type')?.includes('pdf') && !text.includes('/ByteRange')) {
      throw new Error(`${path} responds with a PDF that is not signed.`);
    }
  }
  server.close();
  // The sample's own sandbox would keep the process alive.
  process.exit(0);
}
