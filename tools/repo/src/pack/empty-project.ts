import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pnpm } from './pnpm.ts';

/** An installed project outside the repository; disposing removes it. */
export interface EmptyProject extends Disposable {
  folder: string;
}

/**
 * Installs `wanted` from their tarballs into a project of their own, with only what they declare: nothing is hoisted,
 * so that a package finds its own dependencies and no others. `tarballs` also serve where a wanted package depends on
 * a sibling. Rejects with what pnpm printed.
 */
export async function installTarballs(
  wanted: readonly string[],
  tarballs: ReadonlyMap<string, string>,
): Promise<EmptyProject> {
  const folder = mkdtempSync(join(tmpdir(), 'hypermesh-alone-'));
  const project = { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  try {
    const links = new Map([...tarballs].map(([name, path]) => [name, `file:${path}`]));
    const dependencies = Object.fromEntries(wanted.map((name) => [name, links.get(name)]));
    const manifest = { name: 'alone', private: true, type: 'module', dependencies };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    const overrides = [...links].map(([name, link]) => `  ${JSON.stringify(name)}: ${JSON.stringify(link)}`);
    writeFileSync(
      join(folder, 'pnpm-workspace.yaml'),
      ['hoist: false', 'packages: ["."]', 'overrides:', ...overrides, ''].join('\n'),
    );
    await pnpm(['install', '--prefer-offline', '--no-frozen-lockfile'], { cwd: folder, limitMs: 120_000 });
    return project;
  } catch (error) {
    project[Symbol.dispose]();
    throw error;
  }
}
