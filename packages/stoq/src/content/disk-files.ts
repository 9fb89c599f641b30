import { open, readFile, stat, unlink, utimes } from 'node:fs/promises';
import { hasCode } from '@hypermesh/core';

/** A file's size and when it was last written or touched; undefined where there is none. */
export async function statIfThere(
  path: string,
): Promise<{ readonly size: number; readonly mtimeMs: number } | undefined> {
  return await ifThere(stat(path));
}

/** A file's bytes; undefined where there is none. */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  return await ifThere(readFile(path));
}

/** Takes a file away, if it is there: how many that were. */
export async function unlinkIfThere(path: string): Promise<number> {
  return (await ifThere(unlink(path).then(() => 1))) ?? 0;
}

/** Marks a file as used now, if it is there. */
export async function touchIfThere(path: string, atMs: number): Promise<void> {
  await ifThere(utimes(path, atMs / 1000, atMs / 1000));
}

/** Makes a file's bytes, or a directory's names, durable. */
export async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function ifThere<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
