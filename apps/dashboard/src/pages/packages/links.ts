/** The page of a package, of one version where it is given. */
export function packageLink(name: string, version?: string): string {
  const query = version === undefined ? '' : `?version=${encodeURIComponent(version)}`;
  // A dot in the last part of a path would make it the name of a file.
  return `/packages/${encodeURIComponent(name).replaceAll('.', '%2E')}${query}`;
}

/** Types of packages. */
export const packageTypes = [
  'vm.wasm',
  'library.javascript',
  'library.python',
  'library.rust',
  'library.julia',
  'container.docker',
  'dataset.scientific',
] as const;
