// Runs the pnpm version that package.json pins, with nothing but node and npm installed. Arguments are passed on.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { packageManager } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const windows = process.platform === 'win32';
const command = ['--yes', packageManager, ...process.argv.slice(2)];
// npx is a batch file on Windows, which only a shell can start.
const quoted = windows ? command.map((argument) => `"${argument}"`) : command;
const { status, error } = spawnSync('npx', quoted, { stdio: 'inherit', shell: windows });
if (error) throw error;
process.exitCode = status ?? 1;
