import type { ContentRoot } from '@hypermesh/core';
import { type ContentStore, fetchContent, publish, readContent } from '@hypermesh/stoq/content';
import { noteFetch, type Transfers } from '../content/transfers.ts';
import { NodeError } from '../errors.ts';
import type { Peers } from '../mesh/peers.ts';
import type { RunContent } from '../run/ports.ts';

/** Inputs and outputs of runs in this node's content store, fetched over its sessions. */
export function runContent(store: ContentStore, peers: Peers, transfers?: Transfers): RunContent {
  return {
    async put(bytes, signal) {
      const { root } = await publish(store, bytes, {
        profile: 'package',
        ...(signal === undefined ? {} : { signal }),
      });
      return root;
    },
    async fetch(root, from, { maxBytes, signal }) {
      const fetched = await noteFetch(transfers, root, { signal }, (onProgress) =>
        fetchContent(peers.provider(from, signal), root, store, { signal, maxBytes, onProgress }),
      );
      if (!fetched.ok) throw refused(from, root, fetched.reason);
      const parts: Uint8Array[] = [];
      let size = 0;
      for await (const part of readContent(store, root)) {
        size += part.length;
        if (size > maxBytes) throw refused(from, root, `larger than ${maxBytes} bytes`);
        parts.push(part);
      }
      return Buffer.concat(parts);
    },
  };
}

function refused(by: string, root: ContentRoot, why: string): NodeError {
  const reason = `${root}: ${why}`;
  return new NodeError({ code: 'node/refused', by, reason, next: 'ask for the run again' }, reason);
}
