import { readSettings } from './settings.ts';
import { startDesk } from './start-desk.ts';

const settings = await readSettings();
const desk = await startDesk(settings);
console.log(`Invoice desk: ${desk.openUrl}`);
if (desk.service.sandboxMode)
  console.log('Sandbox mode: seals come from a local test authority and have no legal value.');
if (desk.exposed)
  console.log('Warning: reachable from other computers over plain http. Put a TLS proxy in front of it.');
console.log(settings.redisUrl ? 'Documents are signed by workers: npm run worker.' : 'Press Ctrl+C to stop.');

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    desk.close().finally(() => process.exit());
  });
}
