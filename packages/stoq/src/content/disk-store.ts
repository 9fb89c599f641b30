import { randomUUID } from 'node:crypto';
import { mkdir, open, opendir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChunkId, ContentRoot } from '@hypermesh/core';
import { hasCode } from '@hypermesh/core';
import { StoqError } from '../errors.ts';
import { rootDigest } from './manifest.ts';
import type { ContentStore } from './store.ts';

/** Staged chunks are made durable together when there are so many of them, or so many bytes. */
const STAGED_FILES = 64;
const STAGED_BYTES = 32 * 2 ** 20;

interface Staged {
  readonly id: ChunkId;
  readonly path: string;
}

/** A disk store; disposing of it makes durable what was put since the last commit. */
export interface DiskStore extends ContentStore, AsyncDisposable {}

/**
 * Opens a store in `dir`: `chunks/` and `manifests/` hold one file per id under its own name, `staging/` what is not durable yet and
 * is emptied on opening. A file gets its name only after its bytes are on the disk (fsync, rename, fsync of the directory), so that a name
 * is never over half a chunk. One process at a time may write to a directory. Where the disk fails to make a chunk durable that was
 * put before, every commit rejects until it is put again or the store is opened anew: no root is there without its chunks.
 */
export async function openDiskStore(dir: string): Promise<DiskStore> {
  const folder = (name: string) => join(dir, name);
  await rm(folder('staging'), { recursive: true, force: true });
  for (const name of ['chunks', 'manifests', 'staging']) await mkdir(folder(name), { recursive: true });
  await sync(dir);
  return new DirectoryStore(dir);
}

class DirectoryStore implements DiskStore {
  readonly #dir: string;
  readonly #staged = new Map<ChunkId, Staged>();
  readonly #arriving = new Map<ChunkId, Promise<void>>();
  /** Chunks that were put and could not be made durable, and why. */
  readonly #lost = new Map<ChunkId, unknown>();
  #stagedBytes = 0;
  #flushing: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(dir: string) {
    this.#dir = dir;
  }

  async has(id: ChunkId): Promise<boolean> {
    return this.#staged.has(id) || (!this.#lost.has(id) && (await exists(this.#path('chunks', id))));
  }

  async get(id: ChunkId): Promise<Uint8Array | undefined> {
    const staged = this.#staged.get(id);
    const bytes = staged === undefined ? undefined : await readIfThere(staged.path);
    // A chunk that was staged a moment ago may have moved to its place since.
    return bytes ?? (await readIfThere(this.#path('chunks', id)));
  }

  put(id: ChunkId, bytes: Uint8Array): Promise<void> {
    if (this.#isClosed) return Promise.reject(new StoqError({ code: 'stoq/closed', what: 'store' }));
    const arriving = this.#arriving.get(id) ?? this.#put(id, bytes).finally(() => this.#arriving.delete(id));
    this.#arriving.set(id, arriving);
    return arriving;
  }

  async commit(root: ContentRoot, manifest: Uint8Array): Promise<void> {
    await Promise.all(this.#arriving.values());
    await this.#flush();
    for (const error of this.#lost.values()) throw error;
    const path = this.#path('staging', randomUUID());
    try {
      await writeFile(path, manifest, { flag: 'wx' });
      await sync(path);
      await rename(path, this.#path('manifests', root));
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    await sync(join(this.#dir, 'manifests'));
  }

  manifest(root: ContentRoot): Promise<Uint8Array | undefined> {
    return readIfThere(this.#path('manifests', root));
  }

  async *roots(): AsyncGenerator<ContentRoot, void, undefined> {
    for await (const entry of await opendir(join(this.#dir, 'manifests'))) {
      // Files of others are no roots.
      if (rootDigest(entry.name) !== undefined) yield entry.name as ContentRoot;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#arriving.values());
    await this.#flush();
  }

  async #put(id: ChunkId, bytes: Uint8Array): Promise<void> {
    if (await this.has(id)) return;
    const path = this.#path('staging', randomUUID());
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
    const names = await Promise.allSettled([sync(join(this.#dir, 'chunks'))]);
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
      await rename(path, this.#path('chunks', id));
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  /** Ids are CIDs in base32 and UUIDs: anything else is no file name of ours. */
  #path(folder: 'chunks' | 'manifests' | 'staging', name: string): string {
    if (!/^[a-z0-9-]{8,128}$/.test(name)) {
      throw new StoqError({ code: 'stoq/bad-argument', argument: 'id', expected: 'a CID in base32' });
    }
    return join(this.#dir, folder, name);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Makes a file's bytes, or a directory's names, durable. */
async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
