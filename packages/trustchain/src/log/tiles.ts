import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { concatBytes } from '@hypermesh/core';
import { storageFailed } from '../errors.ts';

/** Hashes and entries in a full tile of C2SP tlog-tiles. */
export const TILE_WIDTH = 256;
const TILE_LEVELS = 8;

/** What tiles are cut from. */
export interface TileSource {
  /** Hash of the complete subtree of 2^level leaves. */
  node(level: number, index: number): Uint8Array;
  entry(index: number): Promise<Uint8Array>;
}

/** Path of a tile under its root folder: `tile/0/x001/x234/067`, with `.p/W` when it holds only `width` items. */
export function tilePath(level: number | 'entries', index: number, width: number = TILE_WIDTH): string {
  const digits = index.toString();
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/.{3}/g) ?? [];
  const named = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${named}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** Writes every tile of the tree of `size` that the tree of `from` did not have in full, skipping what is there. */
export async function writeTiles(
  folder: string,
  source: TileSource,
  from: number,
  size: number,
): Promise<void> {
  for (let level = 0; level < TILE_LEVELS; level += 1) {
    const span = TILE_WIDTH ** level;
    const [had, has] = [Math.floor(from / span), Math.floor(size / span)];
    if (has === had) break;
    for (let index = Math.floor(had / TILE_WIDTH); index * TILE_WIDTH < has; index += 1) {
      const first = index * TILE_WIDTH;
      const width = Math.min(TILE_WIDTH, has - first);
      const items = Array.from({ length: width }, (_, at) => first + at);
      const hashes = () => concatBytes(...items.map((at) => source.node(8 * level, at)));
      await writeTile(folder, level, index, width, async () => hashes());
      if (level === 0) await writeTile(folder, 'entries', index, width, () => bundle(source, items));
    }
  }
}

/** Entries one after the other, each behind its length in two bytes. */
async function bundle(source: TileSource, indices: readonly number[]): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const index of indices) {
    const entry = await source.entry(index);
    parts.push(new Uint8Array([entry.length >> 8, entry.length & 255]), entry);
  }
  return concatBytes(...parts);
}

async function writeTile(
  folder: string,
  level: number | 'entries',
  index: number,
  width: number,
  make: () => Promise<Uint8Array>,
): Promise<void> {
  const path = join(folder, tilePath(level, index, width));
  try {
    if (await exists(path)) return;
    await mkdir(dirname(path), { recursive: true });
    const file = await open(`${path}.tmp`, 'w', 0o644);
    try {
      await file.writeFile(await make());
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(`${path}.tmp`, path);
    if (width === TILE_WIDTH) await rm(`${path}.p`, { recursive: true, force: true });
  } catch (cause) {
    throw storageFailed('write a tile', cause);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return false;
    throw error;
  }
}
