import { demandHash, HASH_LENGTH, nodeHash } from './hash.ts';
import { demandCount, type NodeReader, treeConsistencyProof, treeInclusionProof, treeRoot } from './proof.ts';

/**
 * A tree in memory that only grows: about 64 bytes a leaf. Each call costs O(log n) hashes at most, an append two on
 * average. Past sizes stay provable. Hashes handed out are copies.
 */
export interface MerkleTree {
  readonly size: number;
  /** Adds a leaf hash of 32 bytes; answers its index. */
  append(leafHash: Uint8Array): number;
  leaf(index: number): Uint8Array;
  /** Root now, or as it was at an earlier size. */
  root(size?: number): Uint8Array;
  inclusionProof(index: number, size?: number): Uint8Array[];
  consistencyProof(size1: number, size2?: number): Uint8Array[];
  /** Hash of a complete subtree, to write into tiles. */
  node(level: number, index: number): Uint8Array;
}

/** One level: hashes end to end in a buffer that doubles. */
class Level {
  count = 0;
  #bytes = new Uint8Array(4 * HASH_LENGTH);

  push(hash: Uint8Array): void {
    const offset = this.count * HASH_LENGTH;
    if (offset === this.#bytes.length) {
      const grown = new Uint8Array(offset * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(hash, offset);
    this.count += 1;
  }

  at(index: number): Uint8Array {
    return this.#bytes.slice(index * HASH_LENGTH, (index + 1) * HASH_LENGTH);
  }
}

class GrowingTree implements MerkleTree {
  readonly #levels: Level[] = [new Level()];
  readonly #read: NodeReader = (level, index) => (this.#levels[level] as Level).at(index);

  get size(): number {
    return (this.#levels[0] as Level).count;
  }

  append(leafHash: Uint8Array): number {
    const index = this.size;
    let hash = demandHash(leafHash, 'leafHash');
    for (let level = 0; ; level += 1) {
      this.#levels[level] ??= new Level();
      const row = this.#levels[level] as Level;
      row.push(hash);
      if (row.count % 2 === 1) return index;
      hash = nodeHash(row.at(row.count - 2), hash);
    }
  }

  leaf(index: number): Uint8Array {
    return this.node(0, index);
  }

  node(level: number, index: number): Uint8Array {
    demandCount(level, 'level', this.#levels.length - 1);
    demandCount(index, 'index', (this.#levels[level] as Level).count - 1);
    return this.#read(level, index);
  }

  root(size: number = this.size): Uint8Array {
    demandCount(size, 'size', this.size);
    return treeRoot(size, this.#read);
  }

  inclusionProof(index: number, size: number = this.size): Uint8Array[] {
    demandCount(size, 'size', this.size);
    return treeInclusionProof(index, size, this.#read);
  }

  consistencyProof(size1: number, size2: number = this.size): Uint8Array[] {
    demandCount(size2, 'size2', this.size);
    return treeConsistencyProof(size1, size2, this.#read);
  }
}

/** Makes a tree of these leaf hashes, in order. */
export function createMerkleTree(leafHashes: Iterable<Uint8Array> = []): MerkleTree {
  const tree = new GrowingTree();
  for (const hash of leafHashes) tree.append(hash);
  return tree;
}

/** Root of a list of leaf hashes; of an empty one, the hash of nothing. */
export function merkleRoot(leafHashes: readonly Uint8Array[]): Uint8Array {
  return createMerkleTree(leafHashes).root();
}

/** Inclusion proof of one leaf of a list. For many proofs of one list, keep a tree. */
export function inclusionProof(leafHashes: readonly Uint8Array[], index: number): Uint8Array[] {
  return createMerkleTree(leafHashes).inclusionProof(index);
}

/** Consistency proof from the first `size1` leaf hashes of a list to all of them. */
export function consistencyProof(leafHashes: readonly Uint8Array[], size1: number): Uint8Array[] {
  return createMerkleTree(leafHashes).consistencyProof(size1);
}
