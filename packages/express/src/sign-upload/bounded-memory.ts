import type { Request } from 'express';
import { MulterError, type StorageEngine } from 'multer';

/** multer's memory storage bounds each file; this one bounds the files of a request together. */
export function boundedMemory(totalBytes: number): StorageEngine {
  const used = new WeakMap<Request, number>();
  return {
    _handleFile(req, file, done) {
      const chunks: Buffer[] = [];
      file.stream.on('data', (chunk: Buffer) => {
        const total = (used.get(req) ?? 0) + chunk.byteLength;
        used.set(req, total);
        if (total <= totalBytes) chunks.push(chunk);
        else done(new MulterError('LIMIT_FILE_SIZE', file.fieldname));
      });
      file.stream.once('error', done);
      file.stream.once('end', () => {
        const buffer = Buffer.concat(chunks);
        done(null, { buffer, size: buffer.byteLength });
      });
    },
    _removeFile(_req, file, done) {
      Reflect.deleteProperty(file, 'buffer');
      done(null);
    },
  };
}
