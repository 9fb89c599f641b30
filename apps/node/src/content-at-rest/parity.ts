import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChunkId, type ContentRoot, equalBytes, hasCode, parseContentRoot } from '@hypermesh/core';
import { blake3 } from '@hypermesh/core/blake3';
import { encodeStripe, restoreStripe } from '@hypermesh/erasure';
import { StoqError } from '@hypermesh/stoq';
import type { ContentStore, Damage } from '@hypermesh/stoq/content';
import {
  openParityFile,
  type ParityReader,
  type Piece,
  type Plan,
  planOf,
  restCodec,
  type Stripe,
  writeParityFile,
} from './parity-file.ts';

/** What parity mended, and what is left for other holders. */
export interface Mended {
  readonly restored: number;
  readonly left: readonly ChunkId[];
}

/** What a look at all parity found. */
export interface ParityReport {
  readonly roots: number;
  readonly shards: number;
  readonly damaged: number;
  /** Roots whose parity was computed anew. */
  readonly recomputed: number;
}

/**
 * Parity beside a content store: chunks of a root stand in stripes of 10 and 4 parity shards, so that any four of the
 * fourteen may rot or go. Everything that comes back is hashed. Calls for one root follow each other.
 */
export interface ParityKeeper {
  /**
   * Computes and keeps the parity of a root that is whole; nothing to do where it is there. Throws StoqError
   * `stoq/content-missing` or `stoq/content-corrupt`.
   */
  protect(
    root: ContentRoot,
    signal?: AbortSignal,
  ): Promise<{ readonly stripes: number; readonly bytes: number }>;
  /** Puts what it can back into the store. For the `repair` of a scrub, which commits the root afterwards. */
  repair(damage: Damage, signal?: AbortSignal): Promise<Mended>;
  /**
   * Hashes all parity again; what has rotted is computed anew from sound chunks. Where a file cannot be read or written
   * the others are looked at all the same, and the first such failure is thrown at the end.
   */
  scrub(signal?: AbortSignal): Promise<ParityReport>;
  /** Lets go of a root's parity. */
  forget(root: ContentRoot): Promise<void>;
  roots(): Promise<readonly ContentRoot[]>;
}

const suffix = '.parity';
/** Files that are being written; the directory has one process at a time. */
const leftover = /\.parity\.(\d+)\.new$/;

/** Keeps parity in a directory of its own, a file a root. */
export function openParity(directory: string, store: ContentStore): ParityKeeper {
  const turns = new Map<ContentRoot, Promise<unknown>>();
  const pathOf = (root: ContentRoot) => join(directory, `${root}${suffix}`);

  function inTurn<Result>(root: ContentRoot, work: () => Promise<Result>): Promise<Result> {
    const before = turns.get(root) ?? Promise.resolve();
    const mine = before.then(work, work);
    turns.set(root, mine);
    const done = () => {
      if (turns.get(root) === mine) turns.delete(root);
    };
    mine.then(done, done);
    return mine;
  }

  async function compute(root: ContentRoot, signal?: AbortSignal): Promise<Plan> {
    const manifest = await store.manifest(root);
    const plan = manifest && planOf(root, manifest);
    if (plan === undefined) throw new StoqError({ code: 'stoq/content-missing', id: root });
    await writeParityFile(pathOf(root), plan, async (writer) => {
      for (const stripe of plan.stripes) {
        signal?.throwIfAborted();
        const chunks = await Promise.all(
          stripe.pieces.map((at) => soundChunk(store, plan.pieces[at] as Piece)),
        );
        const encoded = encodeStripe(restCodec, chunks, stripe.parity);
        if (!encoded.ok) throw new TypeError(`chunks of a manifest form no stripe: ${encoded.reason}`);
        await writer.put(stripe, encoded.parity);
      }
    });
    return plan;
  }

  async function mend(
    parity: ParityReader,
    wanted: ReadonlySet<ChunkId>,
    signal?: AbortSignal,
  ): Promise<Mended> {
    const { plan } = parity;
    const left: ChunkId[] = [];
    let restored = 0;
    for (const stripe of plan.stripes) {
      signal?.throwIfAborted();
      const pieces = stripe.pieces.map((at) => plan.pieces[at] as Piece);
      const lost = pieces.filter(({ id }) => wanted.has(id));
      if (lost.length === 0) continue;
      const found = await restoredChunks(store, parity, { stripe, pieces });
      for (const piece of lost) {
        const bytes = found?.[pieces.indexOf(piece)];
        if (bytes === undefined || !equalBytes(blake3(bytes), piece.digest)) left.push(piece.id);
        else {
          await store.put(piece.id, bytes.slice());
          restored++;
        }
      }
    }
    return { restored, left };
  }

  async function scrubOne(
    root: ContentRoot,
    report: { -readonly [Field in keyof ParityReport]: ParityReport[Field] },
    signal?: AbortSignal,
  ): Promise<void> {
    report.roots++;
    const { shards, damaged } = await lookAt(pathOf(root), root, signal);
    report.shards += shards;
    report.damaged += damaged;
    if (damaged === 0) return;
    try {
      await compute(root, signal);
      report.recomputed++;
    } catch (error) {
      // A root that is not whole keeps what is left of its parity.
      if (!hasCode(error, 'stoq/content-missing') && !hasCode(error, 'stoq/content-corrupt')) throw error;
    }
  }

  /** Takes away what processes that are gone had begun to write. */
  async function removeLeftovers(): Promise<void> {
    const names = await readdir(directory).catch(() => []);
    for (const name of names) {
      const pid = leftover.exec(name)?.[1];
      if (pid !== undefined && Number(pid) !== process.pid) await rm(join(directory, name), { force: true });
    }
  }

  const keeper: ParityKeeper = {
    protect: (root, signal) =>
      inTurn(root, async () => {
        await using known = await openParityFile(pathOf(root), root);
        const { stripes, bytes } = known?.plan ?? (await compute(root, signal));
        return { stripes: stripes.length, bytes };
      }),

    repair: ({ root, chunks }, signal) =>
      inTurn(root, async () => {
        await using parity = await openParityFile(pathOf(root), root);
        if (parity === undefined) return { restored: 0, left: chunks };
        if (chunks.length > 0) return await mend(parity, new Set(chunks), signal);
        // The manifest itself is damaged: nobody knows which chunks are there.
        const { manifest, pieces } = parity.plan;
        await store.begin(root, manifest);
        const missing = new Set<ChunkId>();
        for (const piece of pieces) if (!(await isSound(store, piece))) missing.add(piece.id);
        const mended = await mend(parity, missing, signal);
        if (mended.left.length === 0) await store.commit(root, manifest);
        return mended;
      }),

    async scrub(signal) {
      const report = { roots: 0, shards: 0, damaged: 0, recomputed: 0 };
      const failures: unknown[] = [];
      await removeLeftovers();
      for (const root of await keeper.roots()) {
        try {
          await inTurn(root, () => scrubOne(root, report, signal));
        } catch (error) {
          signal?.throwIfAborted();
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
      return report;
    },

    forget: (root) => inTurn(root, () => rm(pathOf(root), { force: true })),

    async roots() {
      const names = await readdir(directory).catch((error: unknown) => {
        if (hasCode(error, 'ENOENT')) return [];
        throw error;
      });
      return names.flatMap((name) => {
        const root = name.endsWith(suffix) ? parseContentRoot(name.slice(0, -suffix.length)) : undefined;
        return root?.ok ? [root.id] : [];
      });
    },
  };
  return keeper;
}

async function soundChunk(store: ContentStore, { id, digest }: Piece): Promise<Uint8Array> {
  const bytes = await store.get(id);
  if (bytes === undefined) throw new StoqError({ code: 'stoq/content-missing', id });
  if (!equalBytes(blake3(bytes), digest)) throw new StoqError({ code: 'stoq/content-corrupt', id });
  return bytes;
}

async function isSound(store: ContentStore, { id, digest }: Piece): Promise<boolean> {
  const bytes = await store.get(id);
  if (bytes === undefined) return false;
  if (equalBytes(blake3(bytes), digest)) return true;
  await store.discard(id);
  return false;
}

/** All chunks of a stripe, from those that are sound and its sound parity; undefined where these are too few. */
async function restoredChunks(
  store: ContentStore,
  parity: ParityReader,
  { stripe, pieces }: { readonly stripe: Stripe; readonly pieces: readonly Piece[] },
): Promise<readonly Uint8Array[] | undefined> {
  const here = await Promise.all(
    pieces.map(async ({ id, digest }) => {
      const bytes = await store.get(id);
      return bytes !== undefined && equalBytes(blake3(bytes), digest) ? bytes : undefined;
    }),
  );
  const restored = restoreStripe(restCodec, {
    lengths: pieces.map(({ size }) => size),
    pieces: here,
    parity: await parity.read(stripe),
  });
  return restored.ok ? restored.pieces : undefined;
}

async function lookAt(path: string, root: ContentRoot, signal?: AbortSignal) {
  await using parity = await openParityFile(path, root);
  if (parity === undefined) return { shards: 0, damaged: 1 };
  let damaged = 0;
  for (const stripe of parity.plan.stripes) {
    signal?.throwIfAborted();
    const shards = await parity.read(stripe);
    damaged += shards.filter((shard) => shard === undefined).length;
  }
  return { shards: parity.plan.shards, damaged };
}
