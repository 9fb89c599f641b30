import { spawnSync } from 'node:child_process';
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../root.ts';

const catalog = join(ROOT, 'packages/catalog');
const bundle = join(catalog, 'dist/hypermesh.catalog');

/** What the bundle is made of. */
const inputs = [
  'packages/catalog/src',
  'packages/catalog/extension',
  'packages/catalog/extension.config.ts',
  'packages/core/src',
  'packages/extension-sdk/src/define.ts',
];

/**
 * Tests run the sources, but the catalog is loaded as a signed bundle: this makes it where it is missing or older than
 * what it is made of, in about two seconds. Vitest calls it before the first test.
 */
export function setup(): void {
  const builtMs = statSync(join(bundle, 'extension.mjs'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (inputs.every((input) => newestMs(join(ROOT, input)) <= builtMs)) return;
  // Built beside its place: another test run may be reading what is there.
  const fresh = `dist/hypermesh.catalog.${process.pid}`;
  const made = spawnSync(
    join(ROOT, 'node_modules/.bin/tsup'),
    ['--config', 'extension.config.ts', '--out-dir', fresh],
    { cwd: catalog, encoding: 'utf8' },
  );
  if (made.status !== 0)
    throw new Error(`The catalog's bundle cannot be built:\n${made.stdout}${made.stderr}`);
  rmSync(bundle, { recursive: true, force: true });
  renameSync(join(catalog, fresh), bundle);
}

function newestMs(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestMs(join(path, name))), 0);
}
