import type { ContentRoot, Log, NodeId } from '@hypermesh/core';
import type { Peer } from '@hypermesh/stoq';
import type { Peers } from '../mesh/peers.ts';
import type { Finder } from './finder.ts';

/** Where sessions with holders come from. */
export interface SourceParts {
  readonly self: NodeId;
  readonly peers: Peers;
  readonly finder: Finder;
  members(): Iterable<NodeId>;
  readonly log: Log;
}

/** A search that found nobody for so long is given up. */
const searchMs = 20_000;

/**
 * Sessions with members that may hold a root, as they are reached: those that the caller names and those that are connected, at once; those
 * that discovery finds, as it finds them; and last, where it found nobody, every other member. Ends with `signal`.
 */
export async function* sourcesOf(
  parts: SourceParts,
  root: ContentRoot,
  { hints, signal }: { readonly hints: readonly NodeId[]; readonly signal: AbortSignal },
): AsyncGenerator<Peer, void, undefined> {
  const { self, peers, finder, log } = parts;
  const members = new Set(parts.members());
  const asked = new Set<NodeId>([self]);
  const ready: Peer[] = [];
  let dialling = 0;
  let isSearching = true;
  let changed = Promise.withResolvers<void>();
  const wake = () => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const ask = async (node: NodeId): Promise<void> => {
    if (asked.has(node) || !members.has(node)) return;
    asked.add(node);
    dialling += 1;
    try {
      ready.push(await peers.sessionWith(node, signal));
    } catch (error) {
      log.debug('content.holder-unreachable', { node, message: String(error) });
    } finally {
      dialling -= 1;
      wake();
    }
  };
  const search = async (): Promise<void> => {
    let found = 0;
    const until = AbortSignal.any([signal, AbortSignal.timeout(searchMs)]);
    try {
      for await (const node of finder.find(root, until)) {
        found += 1;
        void ask(node);
      }
    } catch (error) {
      log.debug('content.search-failed', { root, message: String(error) });
    }
    if (found === 0 && !signal.aborted) for (const node of members) void ask(node);
    isSearching = false;
    wake();
  };

  signal.addEventListener('abort', wake, { once: true });
  for (const node of hints) void ask(node);
  for (const node of members) if (peers.openSession(node) !== undefined) void ask(node);
  void search();
  while (!signal.aborted) {
    const peer = ready.shift();
    if (peer !== undefined) yield peer;
    else if (dialling === 0 && !isSearching) return;
    else await changed.promise;
  }
}
