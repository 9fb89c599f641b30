import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A library of other people as a package manager installed it here: what `hypermesh publish --npm-folder` takes. */
export interface InstalledLibrary {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
}

function installed(name: string, version: string, packageJson: string): InstalledLibrary {
  return { name, version, folder: dirname(fileURLToPath(packageJson)) };
}

/** Two adjacent versions of one library: what the second needs beside the first is little. */
export const adjacent = [
  installed('typescript', '5.8.2', import.meta.resolve('typescript-5.8.2/package.json')),
  installed('typescript', '5.8.3', import.meta.resolve('typescript-5.8.3/package.json')),
] as const;

/** Every library that the tour publishes. */
export const libraries: readonly InstalledLibrary[] = [
  installed('marked', '18.2.1', import.meta.resolve('marked/package.json')),
  installed('lodash', '4.17.21', import.meta.resolve('lodash/package.json')),
  ...adjacent,
];
