import { randomUUID } from 'node:crypto';
import { mkdir, opendir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChunkId, type Clock, type ContentRoot, type Metrics, silentMetrics } from '@hypermesh/core';
import { systemClock } from '@hypermesh/core/node';
import { StoqError } from '../errors.ts';
import { type CollectionPlan, planCollection, type StoredRoot } from './collect.ts';
import { readIfThere, statIfThere, sync, touchIfThere, unlinkIfThere } from './disk-files.ts';
import { chunkIdOf, decodeManifest, rootDigest } from './manifest.ts';
import { StagedChunks } from './staged-chunks.ts';
import { type ContentStore, chunksOf } from './store.ts';

/** What one run of the garbage collector did. */
export interface Collected {
  readonly dropped: readonly ContentRoot[];
  readonly chunks: number;
  /** Bytes of chunks that were taken away, and of those that stay. */
  readonly freedBytes: number;
  readonly keptBytes: number;
}

/** What a store holds. Bytes are those of chunks, each counted once. */
export interface StoreUsage {
  readonly roots: number;
  readonly pinned: number;
  readonly bytes: number;
}

/** A disk store; disposing of it makes durable what was put since the last commit. */
export interface DiskStore extends ContentStore, AsyncDisposable {
  /** Keeps a root, whole or not, from the garbage collector until it is unpinned; durable. */
  pin(root: ContentRoot): Promise<void>;
  unpin(root: ContentRoot): Promise<void>;
  isPinned(root: ContentRoot): Promise<boolean>;
  /** Forgets a root and its pin; its chunks go with the next collection. */
  remove(root: ContentRoot): Promise<void>;
  /**
   * Drops the roots that were used longest ago until the chunks of the others fit into `maxBytes`, and chunks that no root
   * needs. Pinned roots stay, and so does what was begun or put within the last hour (`graceMs`).
   */
  collect(options?: { readonly maxBytes?: number; readonly signal?: AbortSignal }): Promise<Collected>;
  usage(): Promise<StoreUsage>;
}

/** How a disk store is opened. */
export interface DiskStoreOptions {
  /** How long chunks without a root, and roots without all chunks, are safe from the garbage collector; default 1 hour. */
  readonly graceMs?: number;
  readonly clock?: Clock;
  /** Counts pins, collections and what they free; by default nobody does. */
  readonly metrics?: Metrics;
}

const FOLDERS = ['chunks', 'manifests', 'begun', 'pins', 'staging'] as const;
type Folder = (typeof FOLDERS)[number];
const GRACE_MS = 3_600_000;
/** A root's use is noted so often at most. */
const TOUCH_MS = 60_000;
const LOOKUPS_AT_ONCE = 64;

/**
 * Opens a store in `dir`: `chunks/`, `manifests/`, `begun/` and `pins/` hold one file per id under its own name, `staging/` what is not durable
 * yet and is emptied on opening. A file gets its name only after its bytes are on the disk (fsync, rename, fsync of the directory), so that
 * a name is never over half a chunk, and a manifest its name only after all its chunks. One process at a time may write to a
 * directory. Where the disk fails to make a chunk durable that was put before, every commit rejects until it is put again or the
 * store is opened anew.
 */
export async function openDiskStore(dir: string, options: DiskStoreOptions = {}): Promise<DiskStore> {
  await rm(join(dir, 'staging'), { recursive: true, force: true });
  for (const name of FOLDERS) await mkdir(join(dir, name), { recursive: true });
  await sync(dir);
  return new DirectoryStore(dir, options);
}

class DirectoryStore implements DiskStore {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #graceMs: number;
  readonly #staged: StagedChunks;
  readonly #touchedMs = new Map<ContentRoot, number>();
  /** Changes of what is whole, one after another: a collection must not take away what a commit just found. */
  #turn: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(
    dir: string,
    { graceMs = GRACE_MS, clock = systemClock, metrics = silentMetrics }: DiskStoreOptions,
  ) {
    this.#dir = dir;
    this.#clock = clock;
    this.#metrics = metrics;
    this.#graceMs = graceMs;
    this.#staged = new StagedChunks(join(dir, 'chunks'), join(dir, 'staging'));
  }

  async has(id: ChunkId): Promise<boolean> {
    const path = this.#path('chunks', id);
    return this.#staged.has(id) || (!this.#staged.isLost(id) && (await statIfThere(path)) !== undefined);
  }

  async get(id: ChunkId): Promise<Uint8Array | undefined> {
    const path = this.#path('chunks', id);
    // A chunk that was staged a moment ago may have moved to its place since.
    return (await this.#staged.get(id)) ?? (await readIfThere(path));
  }

  async put(id: ChunkId, bytes: Uint8Array): Promise<void> {
    if (this.#isClosed) throw new StoqError({ code: 'stoq/closed', what: 'store' });
    const path = this.#path('chunks', id);
    await this.#staged.put(id, bytes, async () => {
      const found = await statIfThere(path);
      const nowMs = this.#clock.nowMs();
      // What is put is to stay for as long as the grace, like what is new.
      if (found !== undefined && nowMs - found.mtimeMs > this.#graceMs / 2) await touchIfThere(path, nowMs);
      return found !== undefined;
    });
  }

  async begin(root: ContentRoot, manifest: Uint8Array): Promise<void> {
    chunksOf(root, manifest);
    await this.#inTurn(async () => {
      if ((await statIfThere(this.#path('manifests', root))) !== undefined) return;
      await this.#place('begun', root, manifest);
    });
  }

  begun(root: ContentRoot): Promise<Uint8Array | undefined> {
    return readIfThere(this.#path('begun', root));
  }

  async commit(root: ContentRoot, manifest: Uint8Array): Promise<void> {
    const chunks = [...chunksOf(root, manifest)];
    await this.#staged.settle();
    await this.#inTurn(async () => {
      for (let at = 0; at < chunks.length; at += LOOKUPS_AT_ONCE) {
        const batch = chunks.slice(at, at + LOOKUPS_AT_ONCE);
        const here = await Promise.all(batch.map((id) => this.has(id)));
        const missing = batch[here.indexOf(false)];
        if (missing !== undefined) throw new StoqError({ code: 'stoq/content-missing', id: missing });
      }
      await this.#place('manifests', root, manifest);
      await unlinkIfThere(this.#path('begun', root));
    });
  }

  async manifest(root: ContentRoot): Promise<Uint8Array | undefined> {
    const path = this.#path('manifests', root);
    const bytes = await readIfThere(path);
    const nowMs = this.#clock.nowMs();
    if (bytes !== undefined && nowMs - (this.#touchedMs.get(root) ?? 0) > TOUCH_MS) {
      this.#touchedMs.set(root, nowMs);
      await touchIfThere(path, nowMs);
    }
    return bytes;
  }

  roots(): AsyncGenerator<ContentRoot, void, undefined> {
    return this.#rootsIn('manifests');
  }

  async discard(id: ChunkId): Promise<void> {
    await this.#inTurn(async () => {
      // First the promise, then the bytes: a crash in between leaves a root that is begun and has all its chunks.
      for await (const root of this.#rootsIn('manifests')) {
        const manifest = await readIfThere(this.#path('manifests', root));
        if (manifest === undefined || !needs(root, manifest, id)) continue;
        await rename(this.#path('manifests', root), this.#path('begun', root));
      }
      for (const folder of ['begun', 'manifests'] as const) await sync(join(this.#dir, folder));
      await this.#staged.forget(id);
      await unlinkIfThere(this.#path('chunks', id));
    });
  }

  async pin(root: ContentRoot): Promise<void> {
    await this.#place('pins', root, new Uint8Array());
    this.#metrics.count('content_pins_total', 1, { action: 'pin' });
  }

  async unpin(root: ContentRoot): Promise<void> {
    await unlinkIfThere(this.#path('pins', root));
    await sync(join(this.#dir, 'pins'));
    this.#metrics.count('content_pins_total', 1, { action: 'unpin' });
  }

  async isPinned(root: ContentRoot): Promise<boolean> {
    return (await statIfThere(this.#path('pins', root))) !== undefined;
  }

  async remove(root: ContentRoot): Promise<void> {
    await this.#inTurn(async () => {
      this.#touchedMs.delete(root);
      for (const folder of ['manifests', 'begun', 'pins'] as const)
        await unlinkIfThere(this.#path(folder, root));
      await sync(join(this.#dir, 'manifests'));
    });
  }

  async collect(
    options: { readonly maxBytes?: number; readonly signal?: AbortSignal } = {},
  ): Promise<Collected> {
    const { maxBytes = Number.MAX_SAFE_INTEGER, signal } = options;
    return await this.#inTurn(async () => {
      const plan = planCollection(await this.#storedRoots(signal), maxBytes);
      for (const root of plan.dropped) {
        this.#touchedMs.delete(root);
        for (const folder of ['manifests', 'begun'] as const) await unlinkIfThere(this.#path(folder, root));
      }
      await sync(join(this.#dir, 'manifests'));
      const swept = await this.#sweep(plan, signal);
      this.#metrics.count('content_collections_total');
      this.#metrics.count('content_freed_bytes_total', swept.freedBytes);
      return { dropped: plan.dropped, keptBytes: plan.bytes, ...swept };
    });
  }

  async usage(): Promise<StoreUsage> {
    const stored = await this.#storedRoots();
    const { bytes } = planCollection(stored, Number.MAX_SAFE_INTEGER);
    let pinned = 0;
    for await (const _root of this.#rootsIn('pins')) pinned += 1;
    return { roots: stored.length, pinned, bytes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#turn;
    await this.#staged.close();
  }

  async #storedRoots(signal?: AbortSignal): Promise<StoredRoot[]> {
    const stored: StoredRoot[] = [];
    const nowMs = this.#clock.nowMs();
    for (const folder of ['manifests', 'begun'] as const) {
      for await (const root of this.#rootsIn(folder)) {
        if (signal?.aborted) throw new StoqError({ code: 'stoq/cancelled' });
        const path = this.#path(folder, root);
        const [bytes, found] = [await readIfThere(path), await statIfThere(path)];
        const decoded = bytes === undefined ? undefined : decodeManifest(bytes);
        if (found === undefined || decoded?.ok !== true) continue;
        const chunks = new Map(decoded.manifest.leaves.map(({ digest, size }) => [chunkIdOf(digest), size]));
        const isFresh = folder === 'begun' && nowMs - found.mtimeMs < this.#graceMs;
        stored.push({ root, chunks, isKept: isFresh || (await this.isPinned(root)), usedMs: found.mtimeMs });
      }
    }
    return stored;
  }

  async #sweep({ live }: CollectionPlan, signal: AbortSignal | undefined) {
    const nowMs = this.#clock.nowMs();
    let chunks = 0;
    let freedBytes = 0;
    for await (const { name } of await opendir(join(this.#dir, 'chunks'))) {
      if (signal?.aborted) throw new StoqError({ code: 'stoq/cancelled' });
      if (live.has(name as ChunkId)) continue;
      const path = join(this.#dir, 'chunks', name);
      const found = await statIfThere(path);
      if (found === undefined || nowMs - found.mtimeMs < this.#graceMs) continue;
      chunks += await unlinkIfThere(path);
      freedBytes += found.size;
    }
    return { chunks, freedBytes };
  }

  async *#rootsIn(folder: Folder): AsyncGenerator<ContentRoot, void, undefined> {
    for await (const entry of await opendir(join(this.#dir, folder))) {
      // Files of others are no roots.
      if (rootDigest(entry.name) !== undefined) yield entry.name as ContentRoot;
    }
  }

  /** Writes a file whole and durably under its name. */
  async #place(folder: Folder, name: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path('staging', randomUUID());
    try {
      await writeFile(path, bytes, { flag: 'wx' });
      await sync(path);
      await rename(path, this.#path(folder, name));
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    await sync(join(this.#dir, folder));
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Ids are CIDs in base32 and UUIDs: anything else is no file name of ours. */
  #path(folder: Folder, name: string): string {
    if (!/^[a-z0-9-]{8,128}$/.test(name)) {
      throw new StoqError({ code: 'stoq/bad-argument', argument: 'id', expected: 'a CID in base32' });
    }
    return join(this.#dir, folder, name);
  }
}

function needs(root: ContentRoot, manifest: Uint8Array, id: ChunkId): boolean {
  try {
    return chunksOf(root, manifest).has(id);
  } catch {
    // A damaged manifest promises nothing that this chunk could break.
    return false;
  }
}
