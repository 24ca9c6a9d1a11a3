#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArguments, usageText } from './cli/arguments.ts';
import { banner, machineReadable, requestLine } from './cli/banner.ts';
import { curlFlow } from './curl-flow.ts';
import { servicePaths } from './endpoints.ts';
import { assertNodeVersion } from './node-version.ts';
import { documentedCredentials } from './options.ts';

try {
  assertNodeVersion(process.versions.node);
  await run(process.argv.slice(2));
} catch (error) {
  console.error(`signstash-sandbox: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function run(argv: string[]): Promise<void> {
  const { command, options, json, quiet, help, version } = parseArguments(argv);
  if (help) return console.log(usageText);
  if (version) return console.log(packageVersion());
  const { clientId, clientSecret } = { ...documentedCredentials, ...options };
  if (command === 'curl') {
    const url = `http://${options.host ?? '127.0.0.1'}:${options.port}`;
    const urls = { tokenUrl: url + servicePaths.token, apiUrl: url + servicePaths.api };
    return console.log(curlFlow({ ...urls, credentials: { clientId, clientSecret } }));
  }
  // Loaded late, so that help and wrong arguments are reported quickly.
  const { startSandbox } = await import('./sandbox.ts');
  const onRequest =
    json || quiet ? undefined : (entry: Parameters<typeof requestLine>[0]) => console.error(requestLine(entry));
  const sandbox = await startSandbox({ ...options, clientId, clientSecret, ...(onRequest && { onRequest }) }).catch(
    (error: NodeJS.ErrnoException) => {
      throw error.code === 'EADDRINUSE' ? portInUse(options.port) : error;
    },
  );
  // Before the banner: its reader may stop the process immediately.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void sandbox.close());
  console.log(json ? machineReadable(sandbox) : banner(sandbox));
}

function portInUse(port: number | undefined): Error {
  return new Error(
    `Port ${port} is in use, perhaps by another sandbox. Stop that program, or choose another port with --port PORT (--port 0 takes any free one).`,
  );
}

function packageVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
