import type { PackageService } from '../package/service.ts';
import type { Programs } from '../run/ports.ts';

/** Runs of packages as `PackageService` has them: every file of a program is the package's own. */
export function packagePrograms(packages: PackageService): Programs {
  return {
    async find(spec) {
      const { key, record } = packages.resolve(spec);
      return { package: key, document: record.document, dependencies: {} };
    },
    async requirements(found, tell, signal) {
      const { document } = await packages.obtain(found.package, tell, signal);
      return { type: document.program.type ?? 'vm.wasm' };
    },
    async bring(wanted, tell, signal) {
      const { document, documentRoot } = await packages.obtain(wanted.package, tell, signal);
      const { type = 'vm.wasm', module, operation, input } = document.program;
      const isScript = type === 'library.javascript';
      const needed = document.files.filter(({ path }) => (isScript ? path !== input : path === module));
      const files = new Map<string, Uint8Array>();
      for (const { path } of needed) files.set(path, await packages.readFile(document, path));
      return {
        document: documentRoot,
        program: { type, files, entrypoint: module },
        operation,
        input: async () => (input === undefined ? new Uint8Array() : packages.readFile(document, input)),
      };
    },
  };
}
