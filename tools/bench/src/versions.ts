import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

/** One version of a package as the npm registry has it. */
export interface PackageVersion {
  readonly name: string;
  /** Paths of its files, sorted. */
  readonly paths: readonly string[];
  /** The files' bytes in that order, one behind another. */
  readonly bytes: Uint8Array;
  /** Size of the archive that npm makes of the folder, bytes. */
  tarballBytes(): number;
}

/** Two neighbouring versions of a large package: what an update moves is measured on them. */
export function neighbouringVersions(): { readonly older: PackageVersion; readonly newer: PackageVersion } {
  const require = createRequire(import.meta.url);
  return {
    older: versionIn(dirname(require.resolve('typescript-5.8.2/package.json')), 'typescript@5.8.2'),
    newer: versionIn(dirname(require.resolve('typescript-5.8.3/package.json')), 'typescript@5.8.3'),
  };
}

function versionIn(folder: string, name: string): PackageVersion {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !path.startsWith('node_modules'))
    .sort();
  return {
    name,
    paths,
    bytes: Buffer.concat(paths.map((path) => readFileSync(join(folder, path)))),
    tarballBytes() {
      const target = mkdtempSync(join(tmpdir(), 'hm-pack-'));
      try {
        execFileSync('npm', ['pack', folder, '--ignore-scripts', '--silent', '--pack-destination', target]);
        const [archive = ''] = readdirSync(target);
        return statSync(join(target, archive)).size;
      } finally {
        rmSync(target, { recursive: true, force: true });
      }
    },
  };
}
