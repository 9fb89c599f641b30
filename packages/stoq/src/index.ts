export { createMemoryNetwork, type MemoryNetwork } from './carriers/memory.ts';
export { type QuicOptions, quicCarrier } from './carriers/quic.ts';
export {
  type HandshakeReason,
  type RecordReason,
  type RefusalReason,
  StoqError,
  type StoqFailure,
  type StreamRefusal,
} from './errors.ts';
export type { CloseReason, StoqEvent, StreamFault } from './events.ts';
export type { RequestHandler, StreamHandler } from './handlers.ts';
export { DEFAULT_LIMITS, type Limits } from './limits.ts';
export { createStoq, type StoqNode } from './node.ts';
export type { StoqOptions } from './options.ts';
export type { Peer, Security } from './peer.ts';
export type {
  Authenticator,
  Carrier,
  CarrierConnection,
  CarrierListener,
  CarrierStream,
  PeerIdentity,
  SessionRole,
} from './ports.ts';
export {
  generatePinnedKey,
  type PinnedKey,
  type PinnedKeysOptions,
  pinnedId,
  pinnedKeys,
} from './session/pinned-keys.ts';
export type { Traffic } from './session/traffic.ts';
export type { ByteStream, Bytes } from './streams/byte-stream.ts';
export type { MessageStream } from './streams/message-stream.ts';
export type { RequestOptions, RequestReason, RequestResult } from './streams/request.ts';
export { type CallContext, type Refusal, refuse } from './streams/serve-request.ts';
