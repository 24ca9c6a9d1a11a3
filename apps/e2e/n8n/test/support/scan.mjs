// What n8n's own scanner does with a published package, without its download. Run by the toolbox's Node:
// node scan.mjs <toolbox folder> <folder to analyse> <pattern>…
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [toolbox, folder, ...patterns] = process.argv.slice(2);
const scanner = join(toolbox, 'node_modules/@n8n/scan-community-package/scanner/scanner.mjs');
const { analyzePackage } = await import(pathToFileURL(scanner).href);
console.log(JSON.stringify(await analyzePackage(folder, patterns)));
