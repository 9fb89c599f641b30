import { randomBytes } from 'node:crypto';
import { link, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { storageFailed, TrustchainError } from '../errors.ts';

/** How an atomic write goes about it. */
export interface AtomicWriteOptions {
  /** Permission bits of the new file. */
  readonly mode: number;
  /** Fail with `trustchain/exists` rather than replace. */
  readonly mustBeNew?: boolean;
}

/**
 * Replaces a file whole: whoever reads it, after a crash at any point too, finds the old bytes or the new ones. When
 * this resolves the new ones are on disk.
 */
export async function writeAtomically(
  path: string,
  bytes: Uint8Array,
  { mode, mustBeNew = false }: AtomicWriteOptions,
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    if (mustBeNew) await link(temporary, path);
    else await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    if (mustBeNew && (cause as { code?: string }).code === 'EEXIST') {
      throw new TrustchainError({ code: 'trustchain/exists', path }, `${path} exists already`, { cause });
    }
    throw storageFailed(`write ${path}`, cause);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Makes renames and new names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Removes what a killed `writeAtomically` to `path` left beside it. */
export async function removeLeftovers(path: string): Promise<void> {
  const prefix = `${basename(path)}.`;
  const isLeftover = (name: string) =>
    name.startsWith(prefix) && /^[0-9a-f]{12}\.tmp$/.test(name.slice(prefix.length));
  for (const name of await readdir(dirname(path))) {
    if (isLeftover(name)) await rm(join(dirname(path), name), { force: true });
  }
}
