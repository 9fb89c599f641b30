export { type Failure, HyperMeshError, hasCode } from './errors.ts';
export type { AssetId, Branded, ChainId, ChunkId, ContentRoot, NodeId, OperationId } from './ids.ts';
export type { Clock, Log, LogFields, Metrics, Random, Startable } from './ports.ts';
export { createReplaceable, type Replaceable, type ReplaceableCell } from './replaceable.ts';
export type { Verdict } from './verdict.ts';
