import { cpus, loadavg, totalmem, type } from 'node:os';

/** A description of the machine and its load: numbers from a loaded machine mean little. */
export function machine(): string {
  const processors = cpus();
  const memory = Math.round(totalmem() / 1024 ** 3);
  const load = (loadavg()[0] ?? 0).toFixed(1);
  const node = process.version;
  return `${processors.length} × ${processors[0]?.model.trim()}, ${memory} GB, ${type()}, Node ${node}, load ${load}`;
}
