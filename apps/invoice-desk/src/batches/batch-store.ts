import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Batch, BatchDocument, BatchSignOptions, DocumentKey, DocumentResult } from './batch.ts';

/** An uploaded file that is not yet part of a batch. */
export type IncomingDocument = Omit<BatchDocument, 'id'> & { path: string };

const idPattern = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** Batches in a folder, which several processes may share. Every file is renamed into place, so that it appears complete. */
export class BatchStore {
  readonly #folder: string;
  readonly #results = new Map<string, DocumentResult>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Moves the files into a new batch. */
  async create(options: BatchSignOptions, incoming: readonly IncomingDocument[]): Promise<Batch> {
    const id = randomUUID();
    await mkdir(join(this.#folder, id), { recursive: true, mode: 0o700 });
    const documents: BatchDocument[] = [];
    for (const { path, ...document } of incoming) {
      const documentId = randomUUID();
      await rename(path, this.sourcePath({ batchId: id, documentId }));
      documents.push({ id: documentId, ...document });
    }
    const batch: Batch = { id, createdAt: new Date().toISOString(), options, documents };
    await this.#write(join(this.#folder, id, 'batch.json'), JSON.stringify(batch));
    return batch;
  }

  async batch(id: string): Promise<Batch | undefined> {
    if (!idPattern.test(id)) return undefined;
    return this.#readJson<Batch>(join(this.#folder, id, 'batch.json'));
  }

  async result(key: DocumentKey): Promise<DocumentResult | undefined> {
    const path = this.#path(key, 'result.json');
    const known = this.#results.get(path) ?? (await this.#readJson<DocumentResult>(path));
    if (known) this.#results.set(path, known);
    return known;
  }

  /** Batches with documents that have no result yet. */
  async unfinished(): Promise<Batch[]> {
    const unfinished: Batch[] = [];
    for (const id of await readdir(this.#folder)) {
      const batch = await this.batch(id);
      if (!batch) continue;
      const results = await Promise.all(
        batch.documents.map(({ id: documentId }) => this.result({ batchId: id, documentId })),
      );
      if (results.includes(undefined)) unfinished.push(batch);
    }
    return unfinished;
  }

  /** Saves the result of a document and deletes the unsigned file. */
  async finish(key: DocumentKey, result: DocumentResult, signed?: Uint8Array): Promise<void> {
    if (signed) await this.#write(this.signedPath(key), signed);
    await this.#write(this.#path(key, 'result.json'), JSON.stringify(result));
    await rm(this.sourcePath(key), { force: true });
  }

  sourcePath(key: DocumentKey): string {
    return this.#path(key, 'pdf');
  }

  signedPath(key: DocumentKey): string {
    return this.#path(key, 'signed.pdf');
  }

  async remove(id: string): Promise<void> {
    if (!idPattern.test(id)) return;
    await rm(join(this.#folder, id), { recursive: true, force: true });
    for (const path of this.#results.keys()) if (path.includes(id)) this.#results.delete(path);
  }

  /** Invoices are kept only as long as people need to download them. */
  async removeOlderThan(milliseconds: number): Promise<void> {
    for (const id of await readdir(this.#folder)) {
      const found = await stat(join(this.#folder, id)).catch(() => undefined);
      if (found && Date.now() - found.mtimeMs > milliseconds) await this.remove(id);
    }
  }

  #path({ batchId, documentId }: DocumentKey, suffix: string): string {
    return join(this.#folder, batchId, `${documentId}.${suffix}`);
  }

  async #write(path: string, content: string | Uint8Array): Promise<void> {
    const temporary = `${path}.${randomUUID()}.tmp`;
    await writeFile(temporary, content, { mode: 0o600 });
    await rename(temporary, path);
  }

  async #readJson<T>(path: string): Promise<T | undefined> {
    try {
      return JSON.parse(await readFile(path, 'utf8')) as T;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}
