import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the package: its document, its entrypoint. */
export function packageFolder(): string {
  return fileURLToPath(new URL('../package', import.meta.url));
}

/** The document that it is shown with: this repository's own README. */
export function documentPath(): string {
  return fileURLToPath(new URL('../../../README.md', import.meta.url));
}

/** Folder and version of the library that the package depends on, as npm has it. */
export function libraryFolder(): { readonly folder: string; readonly version: string } {
  let folder = dirname(fileURLToPath(import.meta.resolve('marked')));
  for (;;) {
    const manifest = readManifest(join(folder, 'package.json'));
    if (manifest?.name === 'marked') return { folder, version: manifest.version };
    folder = dirname(folder);
  }
}

function readManifest(path: string): { readonly name: string; readonly version: string } | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}
