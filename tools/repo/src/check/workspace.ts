import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

type Target = string | { '@hypermesh/source'?: string; types?: string; default?: string };

/** The fields of package.json that the checks read. */
export interface Manifest {
  name: string;
  private?: boolean;
  license?: string;
  type?: string;
  bin?: string | Record<string, string>;
  engines?: { node?: string };
  exports?: Record<string, Target>;
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  publishConfig?: { access?: string; engines?: { node?: string }; exports?: Record<string, Target> };
}

/** One package of the workspace. */
export interface Member {
  /** From the root, such as `packages/core`. */
  folder: string;
  manifest: Manifest;
  /** Layers, from its turbo.json. */
  tags: string[];
}

export interface Workspace {
  root: string;
  manifest: Manifest;
  members: Member[];
  /** Which tags a tag may depend on; a tag that is not here may depend on all. */
  allowed: Map<string, readonly string[]>;
}

interface TurboJson {
  tags?: string[];
  boundaries?: { tags?: Record<string, { dependencies?: { allow?: string[] } }> };
}

/** Reads the manifests and layers of all packages below `root`. */
export function openWorkspace(root: string): Workspace {
  const members = globSync('{packages,apps,tools,examples}/*/package.json', { cwd: root })
    .map((path) => path.replace(/[\\/]package\.json$/, ''))
    .sort()
    .map((folder) => ({
      folder,
      manifest: readJson<Manifest>(join(root, folder, 'package.json'), { name: folder }),
      tags: readJson<TurboJson>(join(root, folder, 'turbo.json'), {}).tags ?? [],
    }));
  const { boundaries } = readJson<TurboJson>(join(root, 'turbo.json'), {});
  const allowed = Object.entries(boundaries?.tags ?? {}).flatMap(([tag, { dependencies }]) =>
    dependencies?.allow === undefined ? [] : [[tag, dependencies.allow] as const],
  );
  const manifest = readJson<Manifest>(join(root, 'package.json'), { name: 'root' });
  return { root, manifest, members, allowed: new Map(allowed) };
}

/** Whether a member is a library that is meant for the registry. */
export function isLibrary({ folder, manifest }: Member): boolean {
  return folder.startsWith('packages/') && manifest.private !== true;
}

/** Source files of some folders of a member, from the root, sorted. */
export function filesOf({ root }: Workspace, { folder }: Member, folders: readonly string[]): string[] {
  return folders
    .flatMap((sub) => globSync(`${folder}/${sub}/**/*.{ts,tsx,mts,mjs,js}`, { cwd: root }))
    .filter((file) => !file.includes('node_modules') && !file.endsWith('.d.ts'))
    .sort();
}

/** The text of a file of the workspace. */
export function readText({ root }: Workspace, file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

function readJson<T>(path: string, absent: T): T {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : absent;
}
