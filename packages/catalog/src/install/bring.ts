import { hasCode } from '@hypermesh/core';
import { CatalogError } from '../errors.ts';
import type { CatalogEvent, WorkOptions } from '../events.ts';
import type { CatalogPorts, Fetched } from '../ports.ts';
import type { VerifiedRelease } from '../registry/verification.ts';
import { createSharedWork } from './shared-work.ts';

/** Brings the files of verified packages here. */
export interface Bringer {
  /** The content of a package, every chunk verified, and with `unpack` its tree of files. Concurrent calls share one download. */
  bring(verified: VerifiedRelease, options: WorkOptions & { readonly unpack: boolean }): Promise<Fetched>;
}

/** One download a package at a time, however many ask for it; each of them hears how far it is. */
export function createBringer({ content, trees }: Pick<CatalogPorts, 'content' | 'trees'>): Bringer {
  const downloads = createSharedWork<Fetched>();
  const unpackings = createSharedWork<void>();
  const listeners = new Map<string, Set<(event: CatalogEvent) => void>>();

  function tell(key: string, event: CatalogEvent): void {
    for (const listener of listeners.get(key) ?? []) listener(event);
  }

  async function download(
    { release, record }: VerifiedRelease,
    recheck: boolean,
    signal: AbortSignal,
  ): Promise<Fetched> {
    const fetched = await content.fetch(record.root, {
      maxBytes: record.bytes,
      recheck,
      from: [release.publisher],
      signal,
      onProgress: (progress) => tell(release.key, { type: 'fetching', package: release.key, ...progress }),
    });
    if (fetched.size === record.bytes) return fetched;
    throw refusedContent(release.key, `${fetched.size} bytes instead of ${record.bytes}`);
  }

  async function unpack({ release, record }: VerifiedRelease, signal: AbortSignal): Promise<void> {
    const { digest } = release.record;
    if ((await trees.path(digest)) !== undefined) return;
    tell(release.key, { type: 'unpacking', package: release.key });
    const built = await trees.install(digest, record, content.get(record.root, { signal }), { signal });
    if (!built.ok) throw refusedContent(release.key, built.reason);
  }

  async function both(
    verified: VerifiedRelease,
    isUnpacked: boolean,
    signal: AbortSignal | undefined,
  ): Promise<Fetched> {
    const { digest } = verified.release.record;
    const fetched = await downloads.run(digest, (shared) => download(verified, false, shared), signal);
    if (!isUnpacked) return fetched;
    try {
      await unpackings.run(digest, (shared) => unpack(verified, shared), signal);
      return fetched;
    } catch (error) {
      if (!hasCode(error, 'catalog/content-corrupt') && !hasCode(error, 'catalog/content-missing'))
        throw error;
      // What was here is damaged: all of it is looked at, and the damaged part comes from others.
      const again = await downloads.run(
        `${digest} again`,
        (shared) => download(verified, true, shared),
        signal,
      );
      await unpackings.run(digest, (shared) => unpack(verified, shared), signal);
      return sumOf(fetched, again);
    }
  }

  return {
    async bring(verified, { unpack: isUnpacked, signal, onEvent }) {
      const { key } = verified.release;
      const heard = listeners.get(key) ?? new Set();
      // A function of its own for each call: two callers may hand in the same one.
      const listener = (event: CatalogEvent) => onEvent?.(event);
      listeners.set(key, heard.add(listener));
      try {
        return await both(verified, isUnpacked, signal);
      } finally {
        heard.delete(listener);
        if (heard.size === 0) listeners.delete(key);
      }
    },
  };
}

function sumOf(first: Fetched, again: Fetched): Fetched {
  return {
    size: again.size,
    moved: first.moved + again.moved,
    reused: again.reused,
    peers: [...first.peers, ...again.peers],
    rejectedChunks: first.rejectedChunks + again.rejectedChunks,
  };
}

function refusedContent(key: string, reason: string): CatalogError {
  const next = 'its publisher published something else than it signed: tell them';
  return new CatalogError(
    { code: 'catalog/refused', package: key, check: 'content', reason, next },
    `The content of ${key} is refused: ${reason}`,
  );
}
