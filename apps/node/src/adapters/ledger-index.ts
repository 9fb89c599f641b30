import { CatalogError, type Index, type IndexEntry, type IndexWrite, type Ordered } from '@hypermesh/catalog';
import type { LedgerEntry } from '@hypermesh/consensus';
import { type CanonicalValue, nodeIdOf } from '@hypermesh/core';
import { NodeError } from '../errors.ts';
import type { LedgerService } from '../ledger/service.ts';

/**
 * The catalog's `Index` on the operation ledger: `package/NAME@VERSION` holds the signed index record. A proof that is
 * brought along is the encoded transaction with its four proofs; without one this node makes them.
 */
export function ledgerIndex(service: LedgerService): Index {
  const { ledger } = service;

  async function write(kind: string, { key, value, proof, signal }: IndexWrite): Promise<Ordered> {
    try {
      const final =
        proof instanceof Uint8Array
          ? { ...(await service.submit(proof, signal)), provingMs: 0 }
          : await service.act(kind, { key, value: { ...value } as CanonicalValue }, signal);
      // Whoever is answered reads its own write.
      await service.applied(final.height, signal ?? new AbortController().signal);
      const { id, height, provingMs, finalityMs } = final;
      return { operation: id, height, provingMs, finalityMs };
    } catch (error) {
      throw told(error, key);
    }
  }

  function read(key: string, value: CanonicalValue | undefined): IndexEntry | undefined {
    const entry = value as unknown as LedgerEntry | undefined;
    if (entry === undefined) return undefined;
    const record = (entry.value as { readonly index?: unknown } | null)?.index;
    // An entry without a record is shown all the same: that it cannot be read is for the catalog to tell.
    const bytes = record instanceof Uint8Array ? record : new Uint8Array();
    return { key, publisher: nodeIdOf(entry.owner), height: entry.height, record: bytes };
  }

  return {
    publish: (asked) => write('package.publish', asked),
    install: (asked) => write('package.install', asked),
    get: async (key) => read(key, ledger.get(`package/${key}`)),
    async *entries(name) {
      // All of it at once: blocks are applied while the caller looks at the first.
      const found = [...ledger.entries(name === undefined ? 'package/' : `package/${name}@`)];
      for (const [key, value] of found) {
        const entry = read(key.slice('package/'.length), value);
        if (entry !== undefined) yield entry;
      }
    },
  };
}

/** The ledger's refusals in the catalog's words. */
function told(error: unknown, key: string): unknown {
  if (!(error instanceof NodeError) || error.failure.code !== 'node/operation-refused') return error;
  const { leg, reason, next } = error.failure;
  const options = { cause: error };
  if (leg === 'ledger' && reason === 'exists') {
    const raise = 'a published version stays as it is: raise the version';
    const failure = { code: 'catalog/version-exists', package: key, next: raise } as const;
    return new CatalogError(failure, `${key} is published already`, options);
  }
  if (leg === 'ledger' && reason === 'not-owner') {
    const other = 'publish under a name of your own, such as one in a scope';
    const failure = { code: 'catalog/name-taken', package: key, next: other } as const;
    return new CatalogError(failure, `The name in ${key} belongs to another member`, options);
  }
  if (leg === 'ledger' && reason === 'absent') {
    const failure = { code: 'catalog/not-found', what: key, next: 'publish it first' } as const;
    return new CatalogError(failure, `${key} is not on the ledger`, options);
  }
  return new CatalogError({ code: 'catalog/proof-refused', leg, reason, next }, error.message, options);
}
