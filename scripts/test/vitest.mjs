// Starts vitest with plain output where it is piped: vitest decides that by this variable alone.
if (!process.stdout.isTTY) process.env.NO_COLOR ??= '1';
await import('../../node_modules/vitest/vitest.mjs');
