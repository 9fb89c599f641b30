import { demandBytes, fromHex } from './bytes.ts';
import { type CidCodec, type CidHash, type CidReason, parseCid, recordCid } from './cid.ts';
import type { Verdict } from './verdict.ts';

declare const brand: unique symbol;

/** A `T` that only the named constructor or decoder hands out, so that two kinds of string cannot be mixed up. */
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** Text of the CIDv1 (dag-cbor, sha2-256) of a node's public identity record `{ v: 1, ed25519 }`. */
export type NodeId = Branded<string, 'NodeId'>;

/** Text of the CIDv1 (dag-cbor, sha2-256) of an asset's unsigned genesis record. */
export type AssetId = Branded<string, 'AssetId'>;

/** Text of the CIDv1 (dag-cbor, blake3-256) of a content manifest. */
export type ContentRoot = Branded<string, 'ContentRoot'>;

/** Text of the CIDv1 (raw, blake3-256) of one content chunk. */
export type ChunkId = Branded<string, 'ChunkId'>;

/** Text of the CIDv1 (dag-cbor, sha2-256) of a ledger operation. */
export type OperationId = Branded<string, 'OperationId'>;

/** Hex of the 32-byte digest of a ledger's genesis record; a part of every preimage that belongs to one ledger. */
export type ChainId = Branded<string, 'ChainId'>;

/** Why a text is not an id of the kind asked for. */
export type IdReason = CidReason;

function parseAs<Id extends string>(
  text: string,
  codec: CidCodec,
  hash: CidHash,
): Verdict<{ id: Id }, IdReason> {
  const parsed = parseCid(text);
  if (!parsed.ok) return parsed;
  if (parsed.codec !== codec) return { ok: false, reason: 'codec' };
  if (parsed.hash !== hash) return { ok: false, reason: 'hash' };
  return { ok: true, id: text as Id };
}

/** Checks that a text names a node. */
export function parseNodeId(text: string): Verdict<{ id: NodeId }, IdReason> {
  return parseAs(text, 'dag-cbor', 'sha2-256');
}

/** Checks that a text names an asset. */
export function parseAssetId(text: string): Verdict<{ id: AssetId }, IdReason> {
  return parseAs(text, 'dag-cbor', 'sha2-256');
}

/** Checks that a text names a content manifest. */
export function parseContentRoot(text: string): Verdict<{ id: ContentRoot }, IdReason> {
  return parseAs(text, 'dag-cbor', 'blake3-256');
}

/** Checks that a text names a content chunk. */
export function parseChunkId(text: string): Verdict<{ id: ChunkId }, IdReason> {
  return parseAs(text, 'raw', 'blake3-256');
}

/** Checks that a text names a ledger operation. */
export function parseOperationId(text: string): Verdict<{ id: OperationId }, IdReason> {
  return parseAs(text, 'dag-cbor', 'sha2-256');
}

/** Checks that a text names a ledger: 64 lower-case hex digits. */
export function parseChainId(text: string): Verdict<{ id: ChainId }, IdReason> {
  const parsed = fromHex(text);
  if (!parsed.ok) return { ok: false, reason: parsed.reason === 'not-text' ? 'not-text' : 'syntax' };
  if (parsed.bytes.length !== 32) return { ok: false, reason: 'digest-length' };
  return text === text.toLowerCase() ? { ok: true, id: text as ChainId } : { ok: false, reason: 'syntax' };
}

/** The id of the node that holds an Ed25519 key: the CID of `{ v: 1, ed25519 }`. The key has 32 bytes. */
export function nodeIdOf(publicKey: Uint8Array): NodeId {
  return recordCid({ v: 1, ed25519: demandBytes(publicKey, 'publicKey', 32) }).cid as NodeId;
}
