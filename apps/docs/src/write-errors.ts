import { writeFileSync } from 'node:fs';
import { errorPage } from './error-table.ts';

writeFileSync(new URL('../errors.md', import.meta.url), errorPage());
