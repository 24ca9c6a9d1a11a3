import { rmSync } from 'node:fs';
import { readSettings } from './settings.ts';
import { startDesk } from './start-desk.ts';

const settings = await readSettings();
const starting = startDesk(settings);
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // Interrupted twice: documents in progress are abandoned, so a temporary folder is no longer needed.
    if (stopping) {
      if (settings.temporary) rmSync(settings.dataFolder, { recursive: true, force: true });
      process.exit(1);
    }
    stopping = true;
    starting.then((desk) => desk.close()).finally(() => process.exit());
  });
}
const desk = await starting;
console.log(`Invoice desk: ${desk.openUrl}`);
if (desk.service.sandboxMode)
  console.log('Sandbox mode: seals come from a local test authority and have no legal value.');
if (desk.exposed)
  console.log('Warning: reachable from other computers over plain http. Put a TLS proxy in front of it.');
console.log(settings.redisUrl ? 'Documents are signed by workers: npm run worker.' : 'Press Ctrl+C to stop.');
