#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArguments, usageText } from './cli/arguments.ts';
import { greeting, machineReadable } from './cli/greeting.ts';

try {
  await run(process.argv.slice(2));
} catch (error) {
  console.error(`signstash-sandbox: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function run(argv: string[]): Promise<void> {
  const { options, json, help, version } = parseArguments(argv);
  if (help) return console.log(usageText);
  if (version) return console.log(packageVersion());
  // Loaded late, so that help and wrong arguments are answered at once.
  const { startSandbox } = await import('./sandbox.ts');
  const sandbox = await startSandbox(options);
  // Before the greeting: who reads it may stop us at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void sandbox.close());
  console.log(json ? machineReadable(sandbox) : greeting(sandbox));
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
