import { spawnSync } from 'node:child_process';
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../root.ts';

const dashboard = join(ROOT, 'apps/dashboard');
const pages = join(dashboard, 'dist/pages');

/** What the pages are made of. */
const inputs = [
  'apps/dashboard/src',
  'apps/dashboard/vite.config.ts',
  'apps/dashboard/package.json',
  'packages/client/src',
];

/**
 * Tests run the sources, but browsers need built pages: this makes them where they are missing or older than what they
 * are made of, in about a second. Vitest calls it before the first test.
 */
export function setup(): void {
  const builtMs = statSync(join(pages, 'index.html'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (inputs.every((input) => newestMs(join(ROOT, input)) <= builtMs)) return;
  // Built beside its place: another test run may be reading what is there.
  const fresh = join(dashboard, `dist/pages.${process.pid}`);
  const made = spawnSync(
    join(dashboard, 'node_modules/.bin/vite'),
    ['build', '--logLevel', 'warn', '--outDir', fresh],
    { cwd: dashboard, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`The pages cannot be built:\n${made.stdout}${made.stderr}`);
  rmSync(pages, { recursive: true, force: true });
  renameSync(fresh, pages);
}

function newestMs(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestMs(join(path, name))), 0);
}
