import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// The manual page of the package, by the command that was just built.
const command = fileURLToPath(new URL('../bin/hypermesh.mjs', import.meta.url));
const { status, stdout, stderr } = spawnSync(process.execPath, [command, 'man'], { encoding: 'utf8' });
if (status !== 0) throw new Error(`hypermesh man: ${stderr}`);
writeFileSync(new URL('../dist/hypermesh.1', import.meta.url), stdout);
