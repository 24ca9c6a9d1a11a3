#!/usr/bin/env node
import { readFileSync } from 'node:fs';

const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  console.log((JSON.parse(manifest) as { version: string }).version);
} else {
  const [{ runCommandLine }, { processIo }] = await Promise.all([import('./program.ts'), import('./io.ts')]);
  const io = processIo();
  await runCommandLine(args, io);
  process.exitCode = io.exitCode;
}
