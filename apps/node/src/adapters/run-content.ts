import type { ContentRoot } from '@hypermesh/core';
import {
  type ContentStore,
  type FetchProgress,
  fetchContent,
  publish,
  readContent,
} from '@hypermesh/stoq/content';
import type { Transfers } from '../content/transfers.ts';
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
      const noted = transfers?.begin(root);
      const onProgress = (progress: FetchProgress) => noted?.progress(progress);
      const options = { signal, maxBytes, onProgress };
      const fetched = await fetchContent(peers.provider(from, signal), root, store, options).catch(
        (error: unknown) => {
          noted?.failed(error instanceof Error ? error.message : String(error), signal.aborted);
          throw error;
        },
      );
      if (fetched.ok) noted?.ended(fetched);
      else noted?.failed(fetched.reason, signal.aborted);
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
