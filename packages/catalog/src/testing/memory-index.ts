import type { NodeId } from '@hypermesh/core';
import { CatalogError } from '../errors.ts';
import type { Index, IndexEntry, IndexWrite, Ordered } from '../ports.ts';
import { nameOf } from '../registry/registry.ts';

/** An ordered index in memory with the rules of the ledger: a version is written once, a name belongs to its first publisher. */
export interface MemoryIndex {
  join(node: NodeId): Index;
  /** Entries by key: to plant forged ones, or to take some away. */
  readonly entries: Map<string, IndexEntry>;
  /** Installations that were ordered, as `node key`. */
  readonly installations: string[];
  /** The reason that the next operation is refused for; its proof is at fault. */
  refuseNext(leg: string, reason: string): void;
}

/** Makes an index that several nodes share. */
export function createMemoryIndex(): MemoryIndex {
  const entries = new Map<string, IndexEntry>();
  const owners = new Map<string, NodeId>();
  const installations: string[] = [];
  let refusal: { readonly leg: string; readonly reason: string } | undefined;
  let height = 0;

  function ordered(): Ordered {
    height++;
    return { operation: `operation-${height}`, height, provingMs: 0, finalityMs: 0 };
  }

  function checkProof(): void {
    if (refusal === undefined) return;
    const { leg, reason } = refusal;
    refusal = undefined;
    throw new CatalogError(
      { code: 'catalog/proof-refused', leg, reason, next: 'prove the operation again' },
      `${leg}: ${reason}`,
    );
  }

  function join(self: NodeId): Index {
    return {
      async publish({ key, value, signal }: IndexWrite) {
        signal?.throwIfAborted();
        checkProof();
        const name = nameOf(key);
        const owner = owners.get(name);
        if (owner !== undefined && owner !== self) {
          const next = 'publish under another name';
          throw new CatalogError(
            { code: 'catalog/name-taken', package: key, next },
            `${name} belongs to another`,
          );
        }
        if (entries.has(key)) {
          const next = 'raise the version';
          throw new CatalogError({ code: 'catalog/version-exists', package: key, next }, `${key} exists`);
        }
        const record = value['index'];
        if (!(record instanceof Uint8Array)) throw new TypeError('value.index must be bytes');
        const final = ordered();
        owners.set(name, self);
        entries.set(key, { key, publisher: self, height: final.height, record });
        return final;
      },
      async install({ key, signal }) {
        signal?.throwIfAborted();
        checkProof();
        if (!entries.has(key)) {
          throw new CatalogError({ code: 'catalog/not-found', what: key, next: 'publish it' }, `no ${key}`);
        }
        installations.push(`${self} ${key}`);
        return ordered();
      },
      get: async (key) => entries.get(key),
      async *entries(name) {
        for (const key of [...entries.keys()].sort()) {
          const entry = entries.get(key);
          if (entry !== undefined && (name === undefined || nameOf(key) === name)) yield entry;
        }
      },
    };
  }

  return {
    join,
    entries,
    installations,
    refuseNext(leg, reason) {
      refusal = { leg, reason };
    },
  };
}
