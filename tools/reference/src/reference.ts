import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Application } from 'typedoc';

const root = join(import.meta.dirname, '../../..');

interface Manifest {
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, { readonly '@hypermesh/source'?: string }>>;
}

/** The source files of all sub-paths that libraries export, from the root of the repository. */
export function entryPoints(): string[] {
  return globSync('packages/*/package.json', { cwd: root })
    .sort()
    .flatMap((path) => {
      const { private: isPrivate, exports = {} } = JSON.parse(
        readFileSync(join(root, path), 'utf8'),
      ) as Manifest;
      const sources = Object.values(exports).map((target) => target['@hypermesh/source']);
      return isPrivate
        ? []
        : sources.flatMap((source) => (source === undefined ? [] : [join(dirname(path), source)]));
    });
}

/** What making the reference came to. */
export interface ReferenceReport {
  readonly entryPoints: number;
  readonly warnings: number;
  readonly errors: number;
}

/**
 * Writes the API reference of every library into a folder as HTML, from the docstrings; about five seconds. A `{@link}` that
 * leads nowhere is a warning.
 */
export async function writeReference(folder: string): Promise<ReferenceReport> {
  // typedoc reads the sources with a compiler of its own, which takes its settings from a file.
  const settings = mkdtempSync(join(tmpdir(), 'hypermesh-reference-'));
  const tsconfig = join(settings, 'tsconfig.json');
  const typeRoots = [join(root, 'node_modules/@types')];
  const compilerOptions = { noEmit: true, typeRoots, types: ['node'] };
  const include = [join(root, 'types/*.d.ts'), join(root, 'packages/*/src')];
  writeFileSync(
    tsconfig,
    JSON.stringify({ extends: join(root, 'tsconfig.base.json'), compilerOptions, include }),
  );
  try {
    const entries = entryPoints();
    const application = await Application.bootstrap({
      name: 'HyperMesh',
      entryPoints: entries.map((entry) => join(root, entry)),
      tsconfig,
      // `check` compiles everything with the repository's own compiler.
      skipErrorChecking: true,
      alwaysCreateEntryPointModule: true,
      basePath: root,
      displayBasePath: join(root, 'packages'),
      readme: join(root, 'tools/reference/FRONT.md'),
      excludePrivate: true,
      disableSources: true,
      validation: { notExported: false, invalidLink: true },
      logLevel: 'Warn',
    });
    const project = await application.convert();
    if (project === undefined) throw new Error('typedoc could not read the sources');
    application.validate(project);
    rmSync(folder, { recursive: true, force: true });
    await application.generateDocs(project, folder);
    const { warningCount, errorCount } = application.logger;
    return { entryPoints: entries.length, warnings: warningCount, errors: errorCount };
  } finally {
    rmSync(settings, { recursive: true, force: true });
  }
}
