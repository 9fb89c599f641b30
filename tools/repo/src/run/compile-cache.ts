import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../root.ts';

/**
 * Where Node keeps what it compiled of our sources for the processes that tests start: stripping the types of a whole
 * node costs each of them half a second of CPU time otherwise. Each entry is checked against its source.
 */
export const COMPILE_CACHE: string = join(ROOT, 'node_modules/.cache/compile');

/**
 * Fills the cache where there is none: a process writes what it compiled as it exits, and tests mostly kill theirs.
 * Vitest calls it before the first test. Sources that do not load are a matter of the tests that start them.
 */
export function setup(): void {
  if (existsSync(COMPILE_CACHE)) return;
  const daemon = JSON.stringify(join(ROOT, 'apps/node/src/daemon.ts'));
  spawnSync(
    process.execPath,
    ['--conditions=@hypermesh/source', '--input-type=module', '--eval', `await import(${daemon})`],
    { env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE } },
  );
}
