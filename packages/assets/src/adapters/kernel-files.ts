import { readdirSync, readFileSync } from 'node:fs';

/** What the kernel tells about a machine in files. */
export interface KernelFiles {
  /** The text of a file such as `/proc/meminfo`; undefined where there is none or it may not be read. */
  read(path: string): string | undefined;
  bytes(path: string): Uint8Array | undefined;
  list(path: string): readonly string[];
}

/** The kernel's files below a root: `/`, or a copy of another machine's. */
export function kernelFiles(root = '/'): KernelFiles {
  const base = root.endsWith('/') ? root.slice(0, -1) : root;
  const attempt = <T>(path: string, take: (file: string) => T): T | undefined => {
    try {
      // Not joined: `..` behind a link of /sys is the kernel's to follow.
      return take(`${base}${path}`);
    } catch {
      // Absent, not readable, or gone while it was read: all the same to a probe, which then says what it does not know.
      return undefined;
    }
  };
  return {
    read: (path) => attempt(path, (file) => readFileSync(file, 'utf8')),
    bytes: (path) => attempt(path, (file) => readFileSync(file)),
    list: (path) => attempt(path, (file) => readdirSync(file)) ?? [],
  };
}

/** The number of a line such as `MemTotal:  24684084 kB` in bytes. */
export function kilobytesOf(text: string, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d{1,12}) kB$`, 'm').exec(text)?.[1];
  return found === undefined ? undefined : Number(found) * 1024;
}

/** The value of a line such as `model name : AMD EPYC`. */
export function fieldOf(text: string, name: string): string | undefined {
  return new RegExp(`^${name}\\s*:\\s*(.*?)\\s*$`, 'm').exec(text)?.[1];
}

/** How many numbers a list such as `0-3,8,10-11` names; undefined for anything else. */
export function countOfList(text: string | undefined): number | undefined {
  const list = text?.trim();
  if (list === undefined || !/^\d{1,5}(?:-\d{1,5})?(?:,\d{1,5}(?:-\d{1,5})?)*$/.test(list)) return undefined;
  return list.split(',').reduce((sum, part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return sum + Math.max(0, to - from + 1);
  }, 0);
}
