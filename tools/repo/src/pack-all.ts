import { mkdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isLibrary, openWorkspace } from './check/workspace.ts';
import { packInto } from './pack/pack.ts';
import { ROOT } from './root.ts';
import { requireNode } from './run/node-version.ts';

requireNode();
const target = join(ROOT, '.packs');
rmSync(target, { recursive: true, force: true });
mkdirSync(target);
for (const { folder } of openWorkspace(ROOT).members.filter(isLibrary)) {
  console.log(relative(ROOT, await packInto(join(ROOT, folder), target)));
}
