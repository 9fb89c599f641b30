import { equalBytes } from '@hypermesh/core';
import { createMerkleTree, leafHash, type MerkleTree } from '@hypermesh/core/merkle';
import type { FinalityProof } from '../light/proof.ts';
import type { BlockStore, ChainContext, HeaderView } from '../ports.ts';
import type { Block, BlockHeader } from './block.ts';
import { BoundedMap } from './bounded-map.ts';
import { decodeStoredBlock, encodeStoredBlock, type StoredBlock } from './record.ts';
import { MAX_BATCH_BLOCKS } from './wire.ts';

/** An application sees the finalized headers of this many heights before the state its block names. */
const HEADER_WINDOW = 1_024;

/** What an application may see of a block's header. */
export function headerView(header: BlockHeader, hash: Uint8Array): HeaderView {
  const { height, view, timeMs, stateHeight, stateRoot } = header;
  return { height, view, hash, timeMs, stateHeight, stateRoot };
}

/** The finalized blocks on disk, the last headers at hand, and the application's roots. */
export class FinalizedChain {
  readonly #store: BlockStore;
  readonly #validators: number;
  readonly #quorum: number;
  readonly #headers = new BoundedMap<number, HeaderView>(4 * HEADER_WINDOW);
  readonly #roots = new BoundedMap<number, Uint8Array>(4 * HEADER_WINDOW);
  #applied = 0;
  #last: BlockHeader | undefined;

  constructor(store: BlockStore, { validators, quorum }: { validators: number; quorum: number }) {
    this.#store = store;
    this.#validators = validators;
    this.#quorum = quorum;
  }

  /** Height of the last block that is stored. */
  get height(): number {
    return this.#store.height;
  }

  /** Header of the last stored block, undefined before block 1. */
  get last(): BlockHeader | undefined {
    return this.#last;
  }

  /** Height of the last block that the application has executed. */
  get appliedHeight(): number {
    return this.#applied;
  }

  get appliedRoot(): Uint8Array {
    return this.#roots.get(this.#applied) as Uint8Array;
  }

  /** Notes the application's root after a height; heights only grow. */
  noteRoot(height: number, root: Uint8Array): void {
    this.#roots.set(height, root);
    this.#applied = height;
  }

  /** The application's root after a height, if it is still known: executed here, or named by a finalized header. */
  rootAt(height: number): Uint8Array | undefined {
    return this.#roots.get(height);
  }

  /** Reads the last headers back from the store. */
  async load(): Promise<StoredBlock | undefined> {
    let last: StoredBlock | undefined;
    for (let height = Math.max(1, this.height - 2 * HEADER_WINDOW); height <= this.height; height += 1) {
      last = await this.read(height);
      if (last !== undefined) this.#note(last);
    }
    return last;
  }

  #note({ block }: StoredBlock): void {
    const { header } = block;
    this.#last = header;
    this.#headers.set(header.height, headerView(header, block.hash));
    if (this.#roots.get(header.stateHeight) === undefined)
      this.#roots.set(header.stateHeight, header.stateRoot);
  }

  async append(entries: readonly StoredBlock[]): Promise<void> {
    await this.#store.append(entries.map((entry) => encodeStoredBlock(entry, this.#validators)));
    for (const entry of entries) this.#note(entry);
  }

  sync(): Promise<void> {
    return this.#store.sync();
  }

  async read(height: number): Promise<StoredBlock | undefined> {
    const bytes = await this.#store.read(height);
    return bytes === undefined ? undefined : decodeStoredBlock(bytes, this.#validators, this.#quorum);
  }

  /** The context of a block at `height` whose header names the state after `stateHeight`: the same everywhere. */
  context(height: number, parentTimeMs: number, stateHeight: number): ChainContext {
    return {
      height,
      parentTimeMs,
      finalizedHeader: (at) =>
        at > stateHeight || at <= stateHeight - HEADER_WINDOW ? undefined : this.#headers.get(at),
    };
  }

  /** Stored blocks from `from` on, up to about `maxBytes`, ended by a certified one. */
  async batch(from: number, maxBytes: number): Promise<readonly StoredBlock[]> {
    const entries: StoredBlock[] = [];
    let bytes = 0;
    let certified = 0;
    for (let height = from; height <= this.height && entries.length < MAX_BATCH_BLOCKS; height += 1) {
      const entry = await this.read(height);
      if (entry === undefined || (bytes + entry.block.bytes.length > maxBytes && certified > 0)) break;
      entries.push(entry);
      bytes += entry.block.bytes.length + 512;
      if (entry.certificate !== undefined) certified = entries.length;
    }
    return entries.slice(0, certified);
  }

  /** The proof that the block at `height` is final, and that a transaction stands in it. */
  async proof(height: number, txIndex?: number): Promise<FinalityProof | undefined> {
    const first = await this.read(height);
    if (first === undefined) return undefined;
    const path: StoredBlock[] = [first];
    for (let last = first; last.certificate === undefined; ) {
      const next = await this.read(last.block.header.height + 1);
      if (next === undefined) return undefined;
      path.push(next);
      last = next;
    }
    return finalityProof(path, txIndex);
  }
}

const trees = new WeakMap<Block, MerkleTree>();

function treeOf(block: Block): MerkleTree {
  const known = trees.get(block);
  if (known !== undefined) return known;
  const tree = createMerkleTree(block.txs.map((tx) => leafHash(tx)));
  trees.set(block, tree);
  return tree;
}

/** The proof for the first block of a path that ends with the certified one. */
export function finalityProof(path: readonly StoredBlock[], txIndex?: number): FinalityProof | undefined {
  const [first] = path;
  const certificate = path[path.length - 1]?.certificate;
  if (first === undefined || certificate === undefined) return undefined;
  const { header, txs } = first.block;
  const { view, signers, signatures } = certificate;
  const proof: FinalityProof = {
    v: 1,
    header,
    descendants: path.slice(1).map(({ block }) => block.header),
    certificate: { view, signers: [...signers], signatures: [...signatures] },
  };
  if (txIndex === undefined) return proof;
  if (!(Number.isSafeInteger(txIndex) && txIndex >= 0 && txIndex < txs.length)) return undefined;
  const tree = treeOf(first.block);
  const inclusion = {
    txIndex,
    txCount: txs.length,
    leafHash: tree.leaf(txIndex),
    path: tree.inclusionProof(txIndex),
  };
  return { ...proof, inclusion };
}

/** Whether two roots are the same. */
export function isSameRoot(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && equalBytes(a, b);
}
