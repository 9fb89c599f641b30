import { resolve } from 'node:path';
import { writeReference } from './reference.ts';

const folder = resolve(process.argv[2] ?? '.reference');
const { entryPoints, warnings, errors } = await writeReference(folder);
console.log(`${entryPoints} entry points, ${warnings} warnings, ${errors} errors. Open ${folder}/index.html`);
process.exitCode = warnings + errors === 0 ? 0 : 1;
