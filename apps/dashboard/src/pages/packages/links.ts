/** The page of a package, of one version where it is given. */
export function packageLink(name: string, version?: string): string {
  const query = version === undefined ? '' : `?version=${encodeURIComponent(version)}`;
  return `/packages/${encodeURIComponent(name)}${query}`;
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
