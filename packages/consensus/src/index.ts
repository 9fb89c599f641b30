export { type Block, type BlockHeader, headerHash } from './engine/block.ts';
export type { Certificate } from './engine/certificate.ts';
export {
  createValidator,
  type FinalizedEntry,
  type Receipt,
  type ValidatorNode,
  type ValidatorPorts,
  type ValidatorStatus,
} from './engine/driver.ts';
export type { EngineFailure } from './engine/failure.ts';
export { ConsensusError, type ConsensusFailure } from './errors.ts';
export type { FinalityProof } from './light/proof.ts';
export type { LedgerGenesis, ValidatorLimits, ValidatorOptions } from './options.ts';
export type {
  App,
  BlockStore,
  ChainContext,
  FinalizedBlock,
  HeaderView,
  SignGuard,
  Storage,
  Transport,
  TransportReceiver,
  TxResult,
  WriteAheadLog,
} from './ports.ts';
export { createMemoryStorage } from './storage/memory.ts';
export { createMemoryHub, type MemoryHub } from './transport/memory.ts';
