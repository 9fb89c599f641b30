/** Why a path may not name a file of a package, in words; undefined where it may. */
export function pathFault(path: string): string | undefined {
  if (path.length === 0 || path.length > 255) return 'has no or more than 255 characters';
  if (!/^[A-Za-z0-9._@+/ -]+$/.test(path))
    return 'has other characters than letters, digits, space and ._@+/-';
  if (path.startsWith('/')) return 'is absolute';
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return 'has empty parts, . or ..';
  if (parts.some((part) => part.endsWith('.') || part.endsWith(' ') || part.startsWith(' '))) {
    return 'has parts that begin or end in a space, or end in a dot';
  }
  return undefined;
}
