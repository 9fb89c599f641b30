import { type App, type FinalizedBlock, headerHash } from '@hypermesh/consensus';
import { decodeRecord, encodeCanonical, encodeRecord, s, sha256, toHex } from '@hypermesh/core';

const write = s.record({ key: s.text(256), value: s.text(65_000), writer: s.text(64), count: s.uint() });

/** The bytes that are ordered for one write. `count` tells two equal writes of one writer apart. */
export const encodeWrite = (key: string, value: string, writer: string, count: number): Uint8Array =>
  encodeRecord(write, { key, value, writer, count });

/** A store that has the same content on every replica after the same blocks. */
export function createStore(): App & { get(key: string): string | undefined } {
  const values = new Map<string, string>();
  let height = 0;
  // A hash over the sorted content: replicas that agree on it agree on everything. Large stores would keep a tree.
  const stateRoot = () => sha256(encodeCanonical([...values].sort(([a], [b]) => (a < b ? -1 : 1))));
  const check = (tx: Uint8Array) => {
    const decoded = decodeRecord(write, tx, { maxBytes: 66_000 });
    return decoded.ok ? { ok: true as const } : { ok: false as const, reason: decoded.reason };
  };
  const apply = (tx: Uint8Array) => {
    const decoded = decodeRecord(write, tx, { maxBytes: 66_000 });
    if (!decoded.ok) return { code: decoded.reason };
    values.set(decoded.value.key, decoded.value.value);
    return { code: 'ok' };
  };
  return {
    get: (key) => values.get(key),
    checkTx: async (tx) => check(tx),
    recheckTx: check,
    async apply({ header, txs }: FinalizedBlock) {
      const results = txs.map(apply);
      height = header.height;
      return { stateRoot: stateRoot(), results };
    },
    appliedHeight: () => height,
    stateRoot,
  };
}

/** What people compare: the hash of the block that holds a write. */
export const blockOf = (header: Parameters<typeof headerHash>[0]): string => toHex(headerHash(header));
