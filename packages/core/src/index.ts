export {
  compareBytes,
  concatBytes,
  equalBytes,
  fromHex,
  fromUtf8,
  type HexReason,
  isBytes,
  toHex,
  utf8,
} from './bytes.ts';
export {
  type CidCodec,
  type CidHash,
  type CidReason,
  cidOf,
  cidOfDigest,
  linkOf,
  parseCid,
  recordCid,
} from './cid.ts';
export { type CanonicalVerdict, decodeCanonical } from './codec/decode.ts';
export { encodeCanonical } from './codec/encode.ts';
export type { CanonicalValue, DecodeLimits, DecodeReason, Link } from './codec/value.ts';
export { domainHash, domainMessage } from './domain.ts';
export { type Failure, HyperMeshError, hasCode } from './errors.ts';
export { CoreError, type CoreFailure, type EncodeReason } from './failure.ts';
export { sha256, sha512 } from './hash.ts';
export {
  type AssetId,
  type Branded,
  type ChainId,
  type ChunkId,
  type ContentRoot,
  type IdReason,
  type NodeId,
  nodeIdOf,
  type OperationId,
  parseAssetId,
  parseChainId,
  parseChunkId,
  parseContentRoot,
  parseNodeId,
  parseOperationId,
} from './ids.ts';
export type { Clock, Log, LogFields, Metrics, Random, Startable } from './ports.ts';
export { createReplaceable, type Replaceable, type ReplaceableCell } from './replaceable.ts';
export * as s from './schema/combinators.ts';
export { record } from './schema/containers.ts';
export { checkRecord, decodeRecord, encodeRecord, type RecordVerdict } from './schema/records.ts';
export type { BytesBounds } from './schema/scalars.ts';
export type {
  Fields,
  Infer,
  InferFields,
  Kind,
  LiteralValue,
  OptionalSchema,
  Schema,
} from './schema/schema.ts';
export { silentLog, silentMetrics } from './silent.ts';
export type { Verdict } from './verdict.ts';
export { workerFlags } from './worker-flags.ts';
