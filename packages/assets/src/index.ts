export { type Assets, type AssetView, type Offer, openAssets } from './assets.ts';
export {
  type Ask,
  type Claim,
  type ClaimEnd,
  type Need,
  type Rejection,
  type RejectionCode,
  type Requester,
  relationOf,
  type Use,
} from './claims/claim.ts';
export type { ClaimAnswer, ClaimDesk } from './claims/desk.ts';
export {
  checkSelector,
  matches,
  type Selector,
  type SelectorReason,
  type SelectorValue,
} from './claims/selector.ts';
export { AssetsError, type AssetsFailure } from './errors.ts';
export {
  type Asset,
  type AssetReason,
  type AssetSigner,
  type Attributes,
  assetIdOf,
  createAsset,
  decodeAsset,
  encodeAsset,
  type GenesisRecord,
  verifyAsset,
} from './identity/asset.ts';
export {
  createInventory,
  type Inventory,
  type InventoryReason,
  verifyInventory,
} from './inventory/block.ts';
export { type MachineAdapters, type MeasuredDevice, measureMachine } from './inventory/measure.ts';
export { createMemoryJournal, type MemoryJournalStore } from './journal/memory.ts';
export { type AssetKind, createKinds, type Kinds, standardKinds } from './kinds/registry.ts';
export {
  type AssetEvent,
  createEvent,
  type EventReason,
  eventHash,
  firstHead,
  type HistoryHead,
  verifyHistory,
} from './lifecycle/event.ts';
export {
  type AssetState,
  type AuthorRole,
  assetStates,
  stateTable,
  type Transition,
  type TransitionFault,
  type TransitionName,
  transitionFrom,
  transitionNames,
} from './lifecycle/table.ts';
export type { AssetsOptions } from './options.ts';
export {
  type AccessRequest,
  type Denial,
  type DenialCode,
  decide,
  type Grant,
  lendable,
  priceOf,
  type Usage,
  verifiedProofAgeMs,
} from './policy/decide.ts';
export {
  changePolicy,
  checkPolicy,
  decodePolicy,
  encodePolicy,
  type Policy,
  type PolicyFault,
  type ProofStrength,
} from './policy/policy.ts';
export {
  type AllocationType,
  allocationTypes,
  isLegalPair,
  keptOutBy,
  type PrivacyLevel,
  privacyLevels,
  type Relation,
  relations,
  rewardBp,
} from './policy/reach.ts';
export type { DeviceAdapter, DeviceHealth, DeviceUsage, Journal, Measured, Probe } from './ports.ts';
