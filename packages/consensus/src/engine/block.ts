import {
  type DecodeReason,
  decodeRecord,
  domainHash,
  encodeCanonical,
  encodeRecord,
  equalBytes,
  type Infer,
  s,
  toHex,
  type Verdict,
} from '@hypermesh/core';
import { leafHash, merkleRoot } from '@hypermesh/core/merkle';
import type { BlockId } from './vote.ts';

const BLOCK_DOMAIN = 'hypermesh/consensus/block/v1';
const GENESIS_DOMAIN = 'hypermesh/consensus/genesis-block/v1';
const VALIDATORS_DOMAIN = 'hypermesh/consensus/validators/v1';

/** Schema of a block's header: what certificates vouch for, through its hash. */
export const headerSchema = s.record({
  v: s.literal(1),
  chain: s.bytes({ length: 32 }),
  height: s.uint(),
  view: s.uint(),
  parent: s.bytes({ length: 32 }),
  timeMs: s.uint(),
  proposer: s.uint(0xffff),
  txRoot: s.bytes({ length: 32 }),
  stateHeight: s.uint(),
  stateRoot: s.bytes({ length: 32 }),
  validatorsHash: s.bytes({ length: 32 }),
});

/**
 * A block's header. `parent` is the hash of the parent's header, `txRoot` the RFC 6962 root over the transactions,
 * `stateRoot` the application's root after block `stateHeight`, a finalized ancestor. `timeMs` is the proposer's Unix
 * time, strictly greater than the parent's.
 */
export type BlockHeader = Infer<typeof headerSchema>;

/** A decoded block; `bytes` is its whole canonical encoding, `id` the hex of `hash`. */
export interface Block {
  readonly header: BlockHeader;
  readonly txs: readonly Uint8Array[];
  readonly hash: Uint8Array;
  readonly id: BlockId;
  /** Hex of the parent's hash. */
  readonly parentId: BlockId;
  readonly bytes: Uint8Array;
}

/** The size of a block that a validator accepts, and how many transactions it may hold. */
export interface BlockLimits {
  readonly maxBlockBytes: number;
  readonly maxBlockTxs: number;
  readonly maxTxBytes: number;
}

/** Why bytes are no block: the codec's reasons, or transactions that do not match the header. */
export type BlockReason = DecodeReason | 'tx-root' | 'duplicate-tx';

/** Hash of a header: the block's identity, since `txRoot` binds the transactions. */
export function headerHash(header: BlockHeader): Uint8Array {
  return domainHash(BLOCK_DOMAIN, encodeCanonical(header));
}

/** The RFC 6962 root of a list of transactions. */
function txRootOf(txs: readonly Uint8Array[]): Uint8Array {
  return merkleRoot(txs.map((tx) => leafHash(tx)));
}

/** Digest of an ordered list of Ed25519 public keys. */
export function validatorsHashOf(publicKeys: readonly Uint8Array[]): Uint8Array {
  return domainHash(VALIDATORS_DOMAIN, ...publicKeys);
}

/** The parent of block 1: no block, only a hash that binds the chain and its validators. */
export function genesisHash(chain: Uint8Array, validatorsHash: Uint8Array): Uint8Array {
  return domainHash(GENESIS_DOMAIN, chain, validatorsHash);
}

/** Completes a header with its transactions' root and encodes the whole. */
export function createBlock(header: Omit<BlockHeader, 'v' | 'txRoot'>, txs: readonly Uint8Array[]): Block {
  const full: BlockHeader = { ...header, v: 1, txRoot: txRootOf(txs) };
  const hash = headerHash(full);
  return {
    header: full,
    txs,
    hash,
    id: toHex(hash),
    parentId: toHex(full.parent),
    bytes: encodeRecord(blockSchema({ maxBlockTxs: txs.length, maxTxBytes: 0xffff_ffff, maxBlockBytes: 0 }), {
      header: full,
      txs: [...txs],
    }),
  };
}

const blockSchema = ({ maxBlockTxs, maxTxBytes }: BlockLimits) =>
  s.record({ header: headerSchema, txs: s.array(s.bytes({ max: maxTxBytes }), maxBlockTxs) });

/** A decoder of blocks within limits. A block that passes holds exactly the transactions its header binds. */
export function createBlockDecoder(
  limits: BlockLimits,
): (bytes: Uint8Array) => Verdict<{ block: Block }, BlockReason> {
  const schema = blockSchema(limits);
  const bounds = { maxBytes: limits.maxBlockBytes, maxDepth: 4, maxItems: limits.maxBlockTxs + 64 };
  return (bytes) => {
    const decoded = decodeRecord(schema, bytes, bounds);
    if (!decoded.ok) return { ok: false, reason: decoded.reason };
    const { header, txs } = decoded.value;
    const leaves = txs.map((tx) => leafHash(tx));
    if (!equalBytes(merkleRoot(leaves), header.txRoot)) return { ok: false, reason: 'tx-root' };
    if (new Set(leaves.map(toHex)).size !== leaves.length) return { ok: false, reason: 'duplicate-tx' };
    const hash = headerHash(header);
    return { ok: true, block: { header, txs, hash, id: toHex(hash), parentId: toHex(header.parent), bytes } };
  };
}
