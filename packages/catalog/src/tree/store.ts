import type { PackageRecord } from '../document/record.ts';

/** A tree that is being written and that nobody sees yet. */
export interface TreeDraft {
  /** Writes one file, durably once `seal` resolves. Calls may overlap. */
  file(
    entry: { readonly path: string; readonly executable: boolean },
    parts: AsyncIterable<Uint8Array>,
  ): Promise<void>;
  /** Puts the tree in place in one step and gives its path; where one is there already, that one stays. */
  seal(): Promise<string>;
  /** Forgets the draft. Never rejects for what is not there. */
  discard(): Promise<void>;
}

/** Where trees are kept, by the digests of their records. A tree that is in place is whole and does not change. */
export interface TreeFiles {
  draft(digest: string): Promise<TreeDraft>;
  /** The path of a tree in place. */
  path(digest: string): Promise<string | undefined>;
  /** A file of a tree in place. Rejects with `catalog/files` where it cannot be read. */
  read(digest: string, path: string): AsyncIterable<Uint8Array>;
  /** Takes a tree away: for good, or aside for someone to look at. */
  retire(digest: string, how: 'remove' | 'quarantine'): Promise<void>;
}

/** What writing a tree came to. `too-short` and `too-long`: the stream is not the content that the table speaks of. */
export type TreeInstallation =
  | { readonly ok: true; readonly path: string; readonly isNew: boolean }
  | { readonly ok: false; readonly reason: 'too-short' | 'too-long' };

/** Trees of installed packages: built once, then only read. */
export interface TreeStore {
  /**
   * Builds the tree of a record out of its content, which must come verified against the record's root. All or nothing;
   * does nothing where the tree is there. Rejects with what the stream rejects with.
   */
  install(
    digest: string,
    record: Pick<PackageRecord, 'files'>,
    content: AsyncIterable<Uint8Array>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<TreeInstallation>;
  path(digest: string): Promise<string | undefined>;
  /** The content again, from the tree: a deep verification computes its root anew. */
  read(digest: string, record: Pick<PackageRecord, 'files'>): AsyncIterable<Uint8Array>;
  remove(digest: string): Promise<void>;
  /** Puts a damaged tree aside, so that the next install builds it anew. */
  quarantine(digest: string): Promise<void>;
}

/** Files up to this size are taken whole, so that several can be written at once. */
const SMALL = 256 * 1024;
const MAX_AT_ONCE = 16;

/** A store of trees over `files`. */
export function createTreeStore(files: TreeFiles): TreeStore {
  return {
    path: (digest) => files.path(digest),
    remove: (digest) => files.retire(digest, 'remove'),
    quarantine: (digest) => files.retire(digest, 'quarantine'),
    async *read(digest, record) {
      for (const { path } of record.files) yield* files.read(digest, path);
    },
    async install(digest, record, content, { signal } = {}) {
      const held = await files.path(digest);
      if (held !== undefined) return { ok: true, path: held, isNew: false };
      const draft = await files.draft(digest);
      const source = new Pieces(content);
      try {
        const reason = await write(draft, record, { source, signal });
        if (reason === undefined) return { ok: true, path: await draft.seal(), isNew: true };
        await draft.discard();
        return { ok: false, reason };
      } catch (error) {
        await draft.discard();
        throw error;
      } finally {
        await source.close();
      }
    },
  };
}

async function write(
  draft: TreeDraft,
  record: Pick<PackageRecord, 'files'>,
  { source, signal }: { readonly source: Pieces; readonly signal: AbortSignal | undefined },
): Promise<'too-short' | 'too-long' | undefined> {
  const running = new Set<Promise<void>>();
  try {
    const reason = await writeAll(draft, record, { source, signal, running });
    await Promise.all(running);
    return reason;
  } finally {
    // Nothing writes into a draft that is sealed or discarded next.
    await Promise.allSettled(running);
  }
}

async function writeAll(
  draft: TreeDraft,
  record: Pick<PackageRecord, 'files'>,
  {
    source,
    signal,
    running,
  }: {
    readonly source: Pieces;
    readonly signal: AbortSignal | undefined;
    readonly running: Set<Promise<void>>;
  },
): Promise<'too-short' | 'too-long' | undefined> {
  for (const entry of record.files) {
    signal?.throwIfAborted();
    if (entry.size > SMALL) {
      await draft.file(entry, source.take(entry.size));
      if (source.isShort) return 'too-short';
      continue;
    }
    const parts: Uint8Array[] = [];
    // What a source gives out may be its own buffer, so small files are copied.
    for await (const part of source.take(entry.size)) parts.push(part.slice());
    if (source.isShort) return 'too-short';
    const job = draft.file(entry, each(parts));
    running.add(job);
    // A failed job stays for the end to find; handled here so that it is no unhandled rejection meanwhile.
    job.then(
      () => running.delete(job),
      () => undefined,
    );
    if (running.size >= MAX_AT_ONCE) await Promise.race(running);
  }
  return (await source.isAtEnd()) ? undefined : 'too-long';
}

async function* each(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

/** A stream of bytes, taken in stretches of known length. */
class Pieces {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);
  isShort = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next `length` bytes; sets `isShort` where the stream ends before. */
  async *take(length: number): AsyncGenerator<Uint8Array> {
    let left = length;
    while (left > 0) {
      if (!(await this.#fill())) {
        this.isShort = true;
        return;
      }
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async isAtEnd(): Promise<boolean> {
    return !(await this.#fill());
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #fill(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) return false;
      this.#rest = next.value;
    }
    return true;
  }
}
