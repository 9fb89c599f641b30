import { randomUUID } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChunkId } from '@hypermesh/core';
import { readIfThere, sync } from './disk-files.ts';

/** Staged chunks are made durable together when there are so many of them, or so many bytes. */
const STAGED_FILES = 256;
const STAGED_BYTES = 32 * 2 ** 20;

interface Staged {
  readonly id: ChunkId;
  readonly path: string;
}

/** Chunks on their way to the disk: written at once, made durable and given their names many at a time. */
export class StagedChunks {
  readonly #chunksDir: string;
  readonly #stagingDir: string;
  readonly #staged = new Map<ChunkId, Staged>();
  readonly #arriving = new Map<ChunkId, Promise<void>>();
  /** Chunks that were put and could not be made durable, and why. */
  readonly #lost = new Map<ChunkId, unknown>();
  #stagedBytes = 0;
  #flushing: Promise<void> = Promise.resolve();

  constructor(chunksDir: string, stagingDir: string) {
    this.#chunksDir = chunksDir;
    this.#stagingDir = stagingDir;
  }

  has(id: ChunkId): boolean {
    return this.#staged.has(id);
  }

  isLost(id: ChunkId): boolean {
    return this.#lost.has(id);
  }

  async get(id: ChunkId): Promise<Uint8Array | undefined> {
    const staged = this.#staged.get(id);
    return staged === undefined ? undefined : await readIfThere(staged.path);
  }

  /** Stages a chunk unless `isThere` says that it has its name already. */
  put(id: ChunkId, bytes: Uint8Array, isThere: () => Promise<boolean>): Promise<void> {
    const arriving =
      this.#arriving.get(id) ?? this.#put(id, bytes, isThere).finally(() => this.#arriving.delete(id));
    this.#arriving.set(id, arriving);
    return arriving;
  }

  /** Resolves when all that was put is durable. Rejects while a chunk that was put is lost. */
  async settle(): Promise<void> {
    await Promise.all(this.#arriving.values());
    await this.#flush();
    for (const error of this.#lost.values()) throw error;
  }

  /** Drops a chunk that is not durable yet. */
  async forget(id: ChunkId): Promise<void> {
    await this.#flushing;
    const staged = this.#staged.get(id);
    this.#staged.delete(id);
    this.#lost.delete(id);
    if (staged !== undefined) await rm(staged.path, { force: true });
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#arriving.values());
    await this.#flush();
  }

  async #put(id: ChunkId, bytes: Uint8Array, isThere: () => Promise<boolean>): Promise<void> {
    if (this.#staged.has(id) || (!this.#lost.has(id) && (await isThere()))) return;
    const path = join(this.#stagingDir, randomUUID());
    try {
      await writeFile(path, bytes, { flag: 'wx' });
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    this.#staged.set(id, { id, path });
    this.#stagedBytes += bytes.length;
    if (this.#staged.size >= STAGED_FILES || this.#stagedBytes >= STAGED_BYTES) await this.#flush();
  }

  /** One flush at a time; each takes what is staged when its turn comes. */
  #flush(): Promise<void> {
    const flush = this.#flushing.then(() => this.#makeDurable());
    this.#flushing = flush.catch(() => {});
    return flush;
  }

  async #makeDurable(): Promise<void> {
    const batch = [...this.#staged.values()];
    if (batch.length === 0) return;
    this.#stagedBytes = 0;
    const moves = await Promise.allSettled(batch.map((staged) => this.#moveIn(staged)));
    const names = await Promise.allSettled([sync(this.#chunksDir)]);
    // What one put failed at may be another's chunk, which must not be missed at its commit.
    const failures = batch.flatMap(({ id }, index) => {
      const failed = [moves[index], ...names].find((outcome) => outcome?.status === 'rejected');
      this.#staged.delete(id);
      if (failed === undefined) this.#lost.delete(id);
      else this.#lost.set(id, failed.reason);
      return failed === undefined ? [] : [failed.reason];
    });
    if (failures.length > 0) throw failures[0];
  }

  async #moveIn({ id, path }: Staged): Promise<void> {
    try {
      await sync(path);
      await rename(path, join(this.#chunksDir, id));
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }
}
