import { type ContentRoot, fromUtf8, type NodeId, parseContentRoot, utf8 } from '@hypermesh/core';
import { type Peer, refuse, type StoqNode } from '@hypermesh/stoq';
import { type ContentStore, createBans, fetchContent, publish, readContent } from '@hypermesh/stoq/content';
import { NodeError } from '../errors.ts';
import { handleForMembers, requestOf } from '../mesh/members.ts';
import type { Peers } from '../mesh/peers.ts';
import type { MeshContent } from './catalog-content.ts';

/** A request to fetch a root and keep it; answered when it is on the disk. */
const holdRequest = 'content/hold/1';
const largestContent = 4 * 2 ** 30;
const holdDeadlineMs = 600_000;

/** Content from every member that can be reached, several at once, and copies on other members. */
export function memberContent(
  stoq: StoqNode,
  parts: {
    readonly self: NodeId;
    readonly store: ContentStore;
    readonly peers: Peers;
    members(): Iterable<NodeId>;
  },
): MeshContent & Disposable {
  const { self, store, peers, members } = parts;
  const bans = createBans();

  const others = (first: readonly NodeId[] = []) =>
    [...new Set([...first, ...members()])].filter((node) => node !== self);

  async function* sessions(first: readonly NodeId[], signal: AbortSignal | undefined): AsyncGenerator<Peer> {
    const dialled = others(first).map((node) => peers.sessionWith(node, signal).catch(() => undefined));
    for (const dialling of dialled) {
      const session = await dialling;
      if (session !== undefined) yield session;
    }
  }

  const content: MeshContent = {
    put: (source, options) => publish(store, source, { profile: 'package', ...options }),
    get(root, { offset, length, signal } = {}) {
      const range = offset === undefined ? {} : { range: { offset, length: length ?? largestContent } };
      return readContent(store, root, { ...range, ...(signal === undefined ? {} : { signal }) });
    },
    async fetch(root, { signal, maxBytes = largestContent, hints = [], onProgress } = {}) {
      const used = new Map<string, Peer>();
      async function* noted() {
        for await (const session of sessions(hints, signal)) {
          used.set(session.id, session);
          yield session;
        }
      }
      const fetched = await fetchContent(noted(), root, store, {
        maxBytes,
        bans,
        ...(signal === undefined ? {} : { signal }),
        ...(onProgress === undefined
          ? {}
          : {
              onProgress: ({ bytes, bytesHere, bytesMoved, peers: count }) =>
                onProgress({ bytes, bytesHere, bytesMoved, peers: count }),
            }),
      });
      signal?.throwIfAborted();
      if (!fetched.ok) throw failed(root, fetched.provider, fetched.reason);
      return {
        ...fetched,
        peers: fetched.peers.map(({ id, bytes }) => {
          const { carrier = 'unknown', kem = 'unknown' } = used.get(id)?.security ?? {};
          return { node: id as NodeId, bytes, carrier, kem };
        }),
      };
    },
    async replicate(root, copies, { signal } = {}) {
      const holders: NodeId[] = [];
      const left = others();
      const faults: string[] = [];
      const hold = async () => {
        for (let node = left.shift(); node !== undefined; node = left.shift()) {
          try {
            const session = await peers.sessionWith(node, signal);
            const options = { deadlineMs: holdDeadlineMs, ...(signal === undefined ? {} : { signal }) };
            await requestOf(session, holdRequest, utf8(root), options);
            holders.push(node);
            return;
          } catch (error) {
            signal?.throwIfAborted();
            faults.push(error instanceof Error ? error.message : String(error));
          }
        }
      };
      await Promise.all(Array.from({ length: copies }, hold));
      if (holders.length >= copies) return holders;
      const reason = `${holders.length} of ${copies} further members hold it: ${faults.join('; ')}`;
      throw new NodeError(
        {
          code: 'node/too-few-copies',
          root,
          wanted: copies,
          held: holders.length,
          reason,
          next: 'ask again when more members are up',
        },
        `${root}: ${reason}`,
      );
    },
  };

  const off = handleForMembers(stoq, holdRequest, async (body, { member, signal }) => {
    const text = fromUtf8(body);
    const parsed = text.ok ? parseContentRoot(text.text) : text;
    if (!parsed.ok) return refuse('malformed');
    await content.fetch(parsed.id as ContentRoot, { signal, hints: [member] });
    return new Uint8Array();
  });
  return { ...content, [Symbol.dispose]: off };
}

function failed(root: ContentRoot, by: string, reason: string): NodeError {
  if (by === '') {
    return new NodeError(
      { code: 'node/not-found', what: root, next: 'ask again when a member that holds it is up' },
      `No member that can be reached has ${root}: ${reason}`,
    );
  }
  return new NodeError(
    { code: 'node/refused', by, reason, next: 'ask again: others may hold it' },
    `${root}: ${reason}`,
  );
}
