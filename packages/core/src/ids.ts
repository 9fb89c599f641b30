declare const brand: unique symbol;

/** A `T` that only the named constructor or decoder hands out, so that two kinds of string cannot be mixed up. */
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** Text of a CIDv1 over sha2-256 of a node's public identity record `{ v, ed25519 }`. */
export type NodeId = Branded<string, 'NodeId'>;

/** Text of the CIDv1 of an asset's unsigned genesis record. */
export type AssetId = Branded<string, 'AssetId'>;

/** Text of the CIDv1 (dag-cbor, blake3-256) of a content manifest. */
export type ContentRoot = Branded<string, 'ContentRoot'>;

/** Text of the CIDv1 (raw, blake3-256) of one content chunk. */
export type ChunkId = Branded<string, 'ChunkId'>;

/** Text of the CIDv1 (dag-cbor, sha2-256) of a ledger operation. */
export type OperationId = Branded<string, 'OperationId'>;

/** Hex of the 32-byte digest of a ledger's genesis record; a part of every preimage that belongs to one ledger. */
export type ChainId = Branded<string, 'ChainId'>;
