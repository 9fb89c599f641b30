/** Longest package name, as on npm. */
const MAX_NAME_LENGTH = 214;

const NAME = /^(?:@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/;

/** Names that tools of files and of npm keep for themselves. */
const RESERVED = new Set(['node_modules', 'favicon.ico']);

/**
 * Whether `text` names a package: lower-case letters, digits, dots, hyphens and underscores, beginning with a letter or
 * digit, perhaps behind `@scope/`, at most 214 characters. Every such name is one that npm takes too, and is safe as a
 * path of one or two parts.
 */
export function isPackageName(text: string): boolean {
  if (text.length > MAX_NAME_LENGTH || !NAME.test(text)) return false;
  return text.split('/').every((part) => !RESERVED.has(part) && !part.endsWith('.'));
}

/** Longest path of a file in a package, in characters. */
const MAX_PATH_LENGTH = 512;

/** Names of devices on Windows, with or without an extension. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?$/i;

/** Why a path cannot be in a package. */
export type PathFault =
  | 'empty'
  | 'too-long'
  | 'absolute'
  | 'climbs'
  | 'not-normal'
  | 'bad-character'
  | 'device';

/**
 * What is wrong with `path` as the path of a file in a package, or undefined. Paths are relative, parted by `/`, in
 * Unicode's composed form, without `.` and `..`, without characters that some file system reads otherwise.
 */
export function pathFault(path: string): PathFault | undefined {
  if (path === '') return 'empty';
  if (path.length > MAX_PATH_LENGTH) return 'too-long';
  if (!path.isWellFormed()) return 'bad-character';
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'absolute';
  for (const part of path.split('/')) {
    if (part === '..') return 'climbs';
    if (part === '' || part === '.') return 'not-normal';
    if (DEVICE.test(part)) return 'device';
    // Windows drops these at the end, so that two names would meet in one file.
    if (part.endsWith('.') || part.endsWith(' ')) return 'not-normal';
  }
  for (const character of path) {
    const code = character.codePointAt(0) as number;
    if (code < 0x20 || code === 0x7f || '\\:*?"<>|'.includes(character)) return 'bad-character';
  }
  return path.normalize('NFC') === path ? undefined : 'not-normal';
}

/** The form under which two paths meet in a file system that ignores case. */
export function foldedPath(path: string): string {
  return path.normalize('NFC').toLowerCase().toUpperCase().toLowerCase();
}
