export { formatAddress } from './address/format.ts';
export { type AddressReason, parseAddress } from './address/parse.ts';
export {
  type AddressPlan,
  covers,
  createAddressPlan,
  defaultPrefix,
  formatPrefix,
  type Location,
  type Prefix,
  type PrefixReason,
  parsePrefix,
} from './address/plan.ts';
export { decodeToken, type Grant, type GrantReason, verifyGrant } from './authority/grant.ts';
export {
  type BookReason,
  createMappingBook,
  type MappingBook,
  type MappingReason,
  type MappingRecord,
  signMapping,
  verifyMapping,
} from './authority/mapping.ts';
export type { HolderKey, VerifySignature } from './authority/signed.ts';
export { type Channel, type ChannelSink, maxFrameBytes, maxRanges } from './channel.ts';
export type { MemoryClientPorts, Patience } from './client/link.ts';
export type { Range } from './client/plan.ts';
export {
  type AccessOptions,
  createMemoryClient,
  type MemoryClient,
  type RemoteMemory,
} from './client/remote-memory.ts';
export { faultIn, type IsApplied, ProxyNatError, type ProxyNatFailure } from './errors.ts';
export { type Fault, faults, type RetryRule, retryRule } from './faults.ts';
export {
  type Circuit,
  createRelay,
  type Relay,
  type RelayLeg,
  type RelayLimits,
  type RelayReason,
} from './relay/relay.ts';
export type {
  GrantRequest,
  IssuedGrant,
  MemoryLimits,
  MemoryServer,
  MemoryServerOptions,
  MemoryServerPorts,
  Region,
  RegionRequest,
} from './server/home.ts';
export { createMemoryServer } from './server/memory-server.ts';
export { allRights, pageBytes, rights } from './translation/entries.ts';
export {
  createTranslation,
  type Mapping,
  type MappingRequest,
  type Translation,
  type Words,
  wordsOf,
} from './translation/translation.ts';
