// Runs `signstash watch` in its own process, so that it can be killed, and reports its progress and memory.
import { runCommandLine } from '@signstash-connect/cli';

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
// The test was ended.
process.once('disconnect', () => process.exit());
let signed = 0;
const reports = setInterval(() => process.send?.({ rss: process.memoryUsage().rss, signed }), 250);
reports.unref();

const io: Parameters<typeof runCommandLine>[1] = {
  stdout: {
    write(line) {
      if (line.includes('"type":"signed"')) signed++;
      process.stdout.write(line);
    },
  },
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  signal: stop.signal,
  // Shorter waits after a lost answer than the default minute, or a run with this many faults would take hours.
  clientOptions: {
    timeouts: { signMs: 20_000, tokenMs: 5_000 },
    retry: { attempts: 3, maxLookupAttempts: 3, delayMs: 50, maxDelayMs: 500, lookupGraceMs: 1_500, pendingMs: 10_000 },
  },
  exitCode: 0,
};
await runCommandLine(process.argv.slice(2), io);
process.exitCode = io.exitCode;
process.disconnect?.();
