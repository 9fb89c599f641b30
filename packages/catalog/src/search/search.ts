import type { NodeId } from '@hypermesh/core';
import type { PackageType } from '../document/package.ts';
import type { CallOptions } from '../ports.ts';
import type { Registry, RegistrySnapshot, Release } from '../registry/registry.ts';
import type { Verifier } from '../registry/verification.ts';
import { createInvertedIndex, type InvertedIndex } from './inverted-index.ts';

/** What is searched for. Words are looked up in names, tags and descriptions; without text everything is found. */
export interface SearchQuery {
  readonly text?: string;
  readonly type?: PackageType;
  /** Only packages whose record, signatures and log proof hold here and now; true unless told otherwise. */
  readonly verifiedOnly?: boolean;
  /** At most so many, 20 unless told otherwise, at most 1000. */
  readonly limit?: number;
}

/** A package that was found, by its newest version. */
export interface SearchHit {
  readonly key: string;
  readonly name: string;
  readonly version: string;
  readonly type: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly digest: string;
  readonly bytes: number;
  readonly publisher: NodeId;
  readonly score: number;
  /** Whether it was verified for this search. */
  readonly verified: boolean;
}

const defaultLimit = 20;
const mostHits = 1000;

/** Searches the registry. Entries of the index that are not believed are never among the hits, whatever is asked for. */
export function createSearch(registry: Registry, verifier: Verifier) {
  const indexes = new WeakMap<RegistrySnapshot, InvertedIndex>();

  function indexOf(snapshot: RegistrySnapshot): InvertedIndex {
    const known = indexes.get(snapshot);
    if (known !== undefined) return known;
    const documents = snapshot.names.flatMap((name) => {
      const release = newestOf(snapshot, name);
      return release === undefined ? [] : [release.record];
    });
    const made = createInvertedIndex(documents);
    indexes.set(snapshot, made);
    return made;
  }

  async function problemOf(release: Release, options: CallOptions): Promise<string | undefined> {
    try {
      const verdict = await verifier.verify(release, options);
      return verdict.ok ? undefined : `${verdict.check}: ${verdict.reason}`;
    } catch (error) {
      options.signal?.throwIfAborted();
      return `unavailable: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  return async function search(query: SearchQuery, options: CallOptions = {}): Promise<readonly SearchHit[]> {
    const { text = '', type, verifiedOnly = true, limit = defaultLimit } = query;
    const snapshot = await registry.snapshot();
    const hits: SearchHit[] = [];
    for (const { name, score } of indexOf(snapshot).find(text)) {
      if (hits.length >= Math.min(limit, mostHits)) break;
      const release = newestOf(snapshot, name);
      if (release === undefined || (type !== undefined && release.record.type !== type)) continue;
      const problem = verifiedOnly ? await problemOf(release, options) : undefined;
      if (problem === undefined) hits.push(hitOf(release, score, verifiedOnly));
    }
    return hits;
  };
}

/** The newest version that is no pre-release, or the newest of all. */
function newestOf(snapshot: RegistrySnapshot, name: string): Release | undefined {
  const releases = snapshot.releases(name);
  return releases.findLast(({ record }) => !record.version.includes('-')) ?? releases.at(-1);
}

function hitOf({ key, record, publisher }: Release, score: number, verified: boolean): SearchHit {
  const { name, version, type, description, tags, digest, bytes } = record;
  return { key, name, version, type, description, tags, digest, bytes, publisher, score, verified };
}
