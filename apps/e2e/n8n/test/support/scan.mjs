// What n8n's own scanner does with a published package, without its download. Run by the Node of `tools.ts`:
// node scan.mjs <tools folder> <folder to analyse> <pattern>…
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [tools, folder, ...patterns] = process.argv.slice(2);
const scanner = join(tools, 'node_modules/@n8n/scan-community-package/scanner/scanner.mjs');
const { analyzePackage } = await import(pathToFileURL(scanner).href);
console.log(JSON.stringify(await analyzePackage(folder, patterns)));
