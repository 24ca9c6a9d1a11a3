// Run by memory.test.ts: verifies a small file, then a large one, and prints by how much the memory grew at most.
import { open } from 'node:fs/promises';
import { verifyDocument } from '../../src/index.ts';

const SAMPLE_MS = 2;

const [small, large, mode] = process.argv.slice(2) as [string, string, 'path' | 'stream'];
const input = (path: string) => (mode === 'path' ? path : readThrough(path));
const verdicts = [(await verifyDocument(input(small))).verdict];
const idle = process.memoryUsage.rss();
// Sampled, because the peak that the system keeps includes that of the parent process.
let peak = idle;
const sample = () => {
  peak = Math.max(peak, process.memoryUsage.rss());
};
const timer = setInterval(sample, SAMPLE_MS);
verdicts.push((await verifyDocument(input(large))).verdict);
sample();
clearInterval(timer);
console.log(JSON.stringify({ verdicts, extraBytes: peak - idle }));

/** A stream that makes no garbage, so that what is measured belongs to the verification. */
async function* readThrough(path: string): AsyncGenerator<Uint8Array> {
  const handle = await open(path);
  const buffer = Buffer.alloc(64 * 1024);
  try {
    for (;;) {
      const { bytesRead } = await handle.read(buffer);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
