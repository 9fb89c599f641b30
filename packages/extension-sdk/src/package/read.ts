import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Verdict } from '@hypermesh/core';
import {
  defaultLimits,
  type PackageFiles,
  type PackageLimits,
  type PackageProblem,
  packageFault,
} from './rules.ts';

/**
 * Reads a folder into memory, every file once: what comes back is what is verified and run, whatever happens to the
 * folder afterwards. Symbolic and hard links, devices and whatever breaks a rule are refused.
 */
export async function readPackage(
  directory: string,
  options: PackageLimits & { readonly signal?: AbortSignal | undefined } = {},
): Promise<Verdict<{ files: PackageFiles }, PackageProblem>> {
  const { signal, ...limits } = options;
  const bounds = { ...defaultLimits, ...limits };
  const files = new Map<string, Uint8Array>();
  let left = bounds.maxBytes;
  const folders = [''];
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    const entries = await list(join(directory, folder));
    if (entries === undefined) return refuse('unreadable', folder, 'the folder cannot be read');
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      signal?.throwIfAborted();
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isSymbolicLink()) return refuse('symlink', path, 'a symbolic link');
      if (entry.isDirectory()) {
        if (folders.length + files.size > bounds.maxFiles)
          return refuse('too-many-files', path, `more than ${bounds.maxFiles}`);
        folders.push(path);
        continue;
      }
      if (files.size >= bounds.maxFiles)
        return refuse('too-many-files', path, `more than ${bounds.maxFiles}`);
      const read = await readFile(join(directory, path), path, Math.min(bounds.maxFileBytes, left));
      if (!read.ok) return read;
      left -= read.bytes.length;
      files.set(path, read.bytes);
    }
  }
  const fault = packageFault(files, limits);
  return fault === undefined ? { ok: true, files } : { ok: false, reason: fault };
}

function refuse(code: PackageProblem['code'], path: string, detail: string) {
  return { ok: false, reason: { code, path, detail } } as const;
}

async function list(directory: string) {
  try {
    if (!(await lstat(directory)).isDirectory()) return undefined;
    return await readdir(directory, { withFileTypes: true });
  } catch {
    return undefined;
  }
}

/** Opens without following links and without waiting for a device, and looks at what was opened, not at its name. */
async function readFile(
  file: string,
  path: string,
  maxBytes: number,
): Promise<Verdict<{ bytes: Uint8Array }, PackageProblem>> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    await using handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const { size, nlink, ...stat } = await handle.stat();
    if ((stat.mode & constants.S_IFMT) !== constants.S_IFREG)
      return refuse('not-a-file', path, 'not a regular file');
    if (nlink > 1) return refuse('hard-link', path, 'another name leads to the same file');
    if (size > maxBytes) return refuse('file-too-large', path, `more than ${maxBytes} bytes`);
    const bytes = new Uint8Array(size);
    let at = 0;
    while (at < size) {
      const { bytesRead } = await handle.read(bytes, at, size - at, at);
      if (bytesRead === 0) return refuse('unreadable', path, 'it shrank while it was read');
      at += bytesRead;
    }
    return { ok: true, bytes };
  } catch (error) {
    return refuse('unreadable', path, String((error as NodeJS.ErrnoException).code));
  }
}
