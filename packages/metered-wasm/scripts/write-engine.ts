import { writeFile } from 'node:fs/promises';
import { cidOf } from '@hypermesh/core';
import { METERED_CID, METERED_FILE, meterEngine } from '../src/quickjs/engine.ts';

// The metered engine of the package, beside the entry that reads it; another folder may be named.
const [folder] = process.argv.slice(2);
const engine = await meterEngine();
const made = cidOf(engine, 'raw');
if (made !== METERED_CID) throw new Error(`metering makes ${made}, not ${METERED_CID}`);
await writeFile(new URL(METERED_FILE, folder ?? new URL('../dist/quickjs/', import.meta.url)), engine);
