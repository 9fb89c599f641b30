import { isRange, isVersion } from '../solver/versions.ts';
import { isPackageName, pathFault } from './names.ts';
import type { AssetPackage, Dependency } from './package.ts';

/** Why a package.json makes no package of the mesh. */
export type NpmReason = 'not-an-object' | 'bad-name' | 'bad-version';

/** A package document made from a package.json, with what of it has no place on the mesh. */
export type NpmReading =
  | { readonly ok: true; readonly package: AssetPackage; readonly warnings: readonly string[] }
  | { readonly ok: false; readonly reason: NpmReason };

type Plain = Readonly<Record<string, unknown>>;

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(value: Plain, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function textIn(value: Plain, key: string, max: number): string | undefined {
  const found = own(value, key);
  return typeof found === 'string' && found.isWellFormed() ? found.slice(0, max) : undefined;
}

/**
 * The document of an npm package: type `library.javascript`, entrypoint as Node's resolver would pick it for an import
 * (`exports`, then `module`, then `main`, then `index.js`), dependencies and optional ones as they stand. Scripts, bins
 * and peers have no counterpart. `files` are the paths that the package has; an entrypoint among them only.
 */
export function packageFromNpm(packageJson: unknown, files: ReadonlySet<string>): NpmReading {
  if (!isPlain(packageJson)) return { ok: false, reason: 'not-an-object' };
  const name = own(packageJson, 'name');
  const version = own(packageJson, 'version');
  if (typeof name !== 'string' || !isPackageName(name)) return { ok: false, reason: 'bad-name' };
  if (typeof version !== 'string' || !isVersion(version)) return { ok: false, reason: 'bad-version' };
  const warnings: string[] = [];
  const entrypoint = entrypointOf(packageJson, files);
  if (entrypoint === undefined) warnings.push('no file that an import of the package would load');
  const dependencies = dependenciesOf(packageJson, warnings);
  const keywords = own(packageJson, 'keywords');
  const tags = (Array.isArray(keywords) ? keywords : [])
    .filter((tag): tag is string => typeof tag === 'string' && tag.length <= 64 && tag.isWellFormed())
    .slice(0, 64);
  const license = textIn(packageJson, 'license', 128);
  const homepage = textIn(packageJson, 'homepage', 512);
  const author = own(packageJson, 'author');
  const authored =
    typeof author === 'string' ? author : isPlain(author) ? textIn(author, 'name', 256) : undefined;
  return {
    ok: true,
    warnings,
    package: {
      apiVersion: 'catalog.v1',
      kind: 'AssetPackage',
      metadata: {
        name,
        version,
        tags,
        ...(license === undefined ? {} : { license }),
        authors: authored === undefined ? [] : [authored.slice(0, 256).toWellFormed()],
        ...(homepage === undefined ? {} : { homepage }),
      },
      spec: {
        description: textIn(packageJson, 'description', 4096) ?? '',
        type: 'library.javascript',
        content: { root: '.', files: ['**'], ...(entrypoint === undefined ? {} : { entrypoint }), args: [] },
        resources: {},
        execution: {
          cpuRequired: true,
          gpuRequired: false,
          persistentStorage: false,
          distributed: false,
          minNodes: 1,
          maxNodes: 1,
          network: 'none',
          outputs: [],
        },
        security: { trustchainValidation: true, hypermeshConsensus: true, resourceIsolation: true },
        dependencies,
      },
    },
  };
}

function dependenciesOf(packageJson: Plain, warnings: string[]): Dependency[] {
  const found = new Map<string, Dependency>();
  for (const [key, optional] of [
    ['dependencies', false],
    ['optionalDependencies', true],
  ] as const) {
    const listed = own(packageJson, key);
    for (const [name, range] of isPlain(listed) ? Object.entries(listed) : []) {
      if (!isPackageName(name) || typeof range !== 'string' || !isRange(range)) {
        warnings.push(`${key}: ${name.slice(0, 214)} is no name with a range of versions, and is left out`);
      } else {
        found.set(name, { name, range, kind: 'runtime', optional });
      }
    }
  }
  return [...found.values()].slice(0, 1024);
}

/** Conditions that Node and bundlers of the mesh hold true for an import, as `exports` lists them. */
const CONDITIONS = new Set(['import', 'module-sync', 'module', 'node', 'default']);

/** The target of `.` in `exports`; conditions are tried in their order, as Node does. */
function exportTarget(target: unknown, depth = 0): string | undefined {
  if (typeof target === 'string') return target;
  if (depth > 8) return undefined;
  if (Array.isArray(target)) {
    for (const one of target) {
      const found = exportTarget(one, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isPlain(target)) return undefined;
  for (const [condition, inner] of Object.entries(target)) {
    const found = CONDITIONS.has(condition) ? exportTarget(inner, depth + 1) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function entrypointOf(packageJson: Plain, files: ReadonlySet<string>): string | undefined {
  const stated = own(packageJson, 'exports');
  const hasPaths = isPlain(stated) && Object.keys(stated).some((key) => key.startsWith('.'));
  const exported = exportTarget(hasPaths ? own(stated as Plain, '.') : stated);
  const main = textIn(packageJson, 'main', 512);
  const candidates = [
    exported,
    textIn(packageJson, 'module', 512),
    ...(main === undefined ? [] : [main, `${main}.js`, `${main.replace(/\/$/, '')}/index.js`]),
    'index.js',
  ];
  return candidates
    .filter((path) => path !== undefined)
    .map((path) => path.replace(/^\.\//, ''))
    .find((path) => pathFault(path) === undefined && files.has(path));
}
