import { type PackageOnNode, requirementsOf } from '@hypermesh/catalog';
import type { Packages } from '../catalog/packages.ts';
import { NodeError } from '../errors.ts';
import type { Programs } from '../run/ports.ts';

/** Most packages that one program may be made of. */
const mostPackages = 1000;
/** Most bytes of the files of one program, which are held in memory while it runs: 256 MiB. */
const mostProgramBytes = 256 * 2 ** 20;

/**
 * Runs of packages as the catalog has them. What a WebAssembly package is given is its entrypoint; a script has all files
 * of its package, and those of what it depends on below `node_modules/NAME/`. `args` of a document name the operation that
 * is called, then the package's own input.
 */
export function catalogPrograms(packages: Packages): Programs {
  return {
    async find(spec) {
      const { key, document } = await packages.resolve(spec);
      return { package: key, document, dependencies: await packages.lockOf(key) };
    },
    async requirements(found, tell, signal) {
      const { record } = await packages.obtain(found.package, { locked: found.dependencies, tell, signal });
      return { type: record.type, ...requirementsOf(record) };
    },
    async bring(wanted, tell, signal) {
      const found = await orNodeError(wanted.package, () =>
        packages.obtain(wanted.package, { locked: wanted.dependencies, tell, signal }),
      );
      const { type, entrypoint, args } = found.record;
      if (entrypoint === undefined) throw refused(wanted.package, 'it names no entrypoint');
      const isScript = type === 'library.javascript';
      const [operation = isScript ? 'default' : 'run', input] = args;
      const files = isScript
        ? await filesOf(found, input)
        : new Map([[entrypoint, await fileOf(found, entrypoint)]]);
      return {
        document: found.root,
        program: { type, files, entrypoint },
        operation,
        input: async () => (input === undefined ? new Uint8Array() : fileOf(found, input)),
      };
    },
  };
}

/** One file of a package, refused by its size before it is read. */
async function fileOf(found: PackageOnNode, path: string): Promise<Uint8Array> {
  checkSize(found.key, found.record.files.find((file) => file.path === path)?.size ?? 0);
  return found.readFile(path);
}

/** The signed sizes are those of what was brought here: nothing larger is ever in memory. */
function checkSize(key: string, bytes: number): void {
  if (bytes > mostProgramBytes)
    throw refused(key, `${bytes} bytes; a program has at most ${mostProgramBytes}`);
}

/** The files of a package and of everything that it depends on; one version of each name. */
async function filesOf(found: PackageOnNode, input: string | undefined): Promise<Map<string, Uint8Array>> {
  const all = new Map<string, PackageOnNode>();
  const waiting = [...found.dependencies.values()];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next === found || all.has(next.record.name)) continue;
    all.set(next.record.name, next);
    if (all.size > mostPackages) throw refused(found.key, `more than ${mostPackages} packages`);
    waiting.push(...next.dependencies.values());
  }
  const sizes = [found, ...all.values()].map(({ record }) => record.bytes);
  checkSize(
    found.key,
    sizes.reduce((sum, size) => sum + size, 0),
  );
  const files = new Map<string, Uint8Array>();
  for (const { path } of found.record.files) if (path !== input) files.set(path, await found.readFile(path));
  for (const [name, each] of all) {
    for (const { path } of each.record.files)
      files.set(`node_modules/${name}/${path}`, await each.readFile(path));
  }
  return files;
}

/** What the catalog refuses, as the failure of this node that runs know. */
async function orNodeError<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isOfCatalog =
      error instanceof Error && 'code' in error && String(error.code).startsWith('catalog/');
    if (!isOfCatalog) throw error;
    throw refused(what, error.message, error);
  }
}

function refused(what: string, reason: string, cause?: unknown): NodeError {
  const next = 'ask for another version, or tell its publisher';
  return new NodeError({ code: 'node/refused', by: what, reason, next }, reason, { cause });
}
