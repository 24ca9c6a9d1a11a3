import { readSettings } from './settings.ts';
import { startDesk } from './start-desk.ts';

const settings = await readSettings();
const desk = await startDesk(settings);
console.log(`Invoice desk: ${desk.url}`);
if (desk.service.practice) console.log('Practice mode: a local sandbox seals; its seals have no legal value.');
console.log(settings.redisUrl ? 'Documents are sealed by workers: npm run worker.' : 'Press Ctrl+C to stop.');

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    desk.close().finally(() => process.exit());
  });
}
