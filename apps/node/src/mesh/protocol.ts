import { decodeRecord, encodeRecord, type Infer, type NodeId, record, s } from '@hypermesh/core';
import type { LogPage, LogQuery } from './transparency.ts';

/** Names of the requests by which a mesh is founded and joined, and by which members find each other. */
export const enrolRequest = 'mesh/enrol/1';
export const renewRequest = 'mesh/renew/1';
export const genesisRequest = 'mesh/genesis/1';
export const helloRequest = 'mesh/hello/1';
export const logRequest = 'mesh/log/1';
export const logReadRequest = 'mesh/log-read/1';

const enrolAsk = record({
  v: s.literal(1),
  /** Digest of the invitation's token, by which the authority finds it. */
  invitation: s.text(64),
  /** A TrustChain enrolment. */
  enrolment: s.bytes({ max: 40_960 }),
  name: s.text(32),
  vrfKey: s.bytes({ length: 32 }),
  /** Id of the keys with which it will sign artifacts. */
  signer: s.text(128),
});
const chainAnswer = record({ v: s.literal(1), chain: s.array(s.bytes({ max: 16_384 }), 8) });
const renewAsk = record({ v: s.literal(1), enrolment: s.bytes({ max: 40_960 }) });
const genesisAnswer = record({
  v: s.literal(1),
  /** Empty while members are missing. */
  genesis: s.bytes({ max: 1_048_576 }),
  /** The facts that the genesis is bound to; empty with it. */
  facts: s.bytes({ max: 1_048_576 }),
  members: s.uint(65_536),
  wanted: s.uint(65_536),
});
const addressEntry = record({
  node: s.cid<NodeId>({ codec: 'dag-cbor', hash: 'sha2-256' }),
  address: s.text(128),
});
const hello = record({ v: s.literal(1), address: s.text(128), known: s.array(addressEntry, 1024) });
const logAsk = record({ v: s.literal(1), entry: s.bytes({ max: 65_535 }) });

const logReadAsk = record({
  v: s.literal(1),
  before: s.optional(s.uint()),
  count: s.uint(100),
  from: s.optional(s.uint()),
});
const hashes = s.array(s.bytes({ length: 32 }), 64);
const logPage = record({
  v: s.literal(1),
  checkpoint: s.text(4096),
  entries: s.array(record({ index: s.uint(), entry: s.bytes({ max: 65_535 }), hashes }), 100),
  growth: s.array(s.bytes({ length: 32 }), 128),
});

export type EnrolAsk = Infer<typeof enrolAsk>;
export type GenesisAnswer = Infer<typeof genesisAnswer>;
export type Hello = Infer<typeof hello>;

/** Each message of the mesh in its canonical bytes, and back from anybody's. */
export const meshMessages = {
  enrolAsk: {
    encode: (value: EnrolAsk): Uint8Array => encodeRecord(enrolAsk, value),
    decode: (bytes: Uint8Array) => decodeRecord(enrolAsk, bytes),
  },
  chainAnswer: {
    encode: (chain: readonly Uint8Array[]): Uint8Array => encodeRecord(chainAnswer, { v: 1, chain }),
    decode: (bytes: Uint8Array) => decodeRecord(chainAnswer, bytes),
  },
  renewAsk: {
    encode: (enrolment: Uint8Array): Uint8Array => encodeRecord(renewAsk, { v: 1, enrolment }),
    decode: (bytes: Uint8Array) => decodeRecord(renewAsk, bytes),
  },
  genesisAnswer: {
    encode: (value: GenesisAnswer): Uint8Array => encodeRecord(genesisAnswer, value),
    decode: (bytes: Uint8Array) => decodeRecord(genesisAnswer, bytes),
  },
  hello: {
    encode: (value: Hello): Uint8Array => encodeRecord(hello, value),
    decode: (bytes: Uint8Array) => decodeRecord(hello, bytes),
  },
  logReadAsk: {
    encode: (query: LogQuery): Uint8Array => encodeRecord(logReadAsk, { v: 1, ...query }),
    decode: (bytes: Uint8Array) => decodeRecord(logReadAsk, bytes),
  },
  logPage: {
    encode: ({ checkpoint, entries, growth }: LogPage): Uint8Array =>
      encodeRecord(logPage, {
        ...{ v: 1, checkpoint, growth: [...growth] },
        entries: entries.map((each) => ({ ...each, hashes: [...each.hashes] })),
      }),
    decode: (bytes: Uint8Array) => decodeRecord(logPage, bytes, { maxBytes: 1_048_576, maxItems: 16_384 }),
  },
  logAsk: {
    encode: (entry: Uint8Array): Uint8Array => encodeRecord(logAsk, { v: 1, entry }),
    decode: (bytes: Uint8Array) => decodeRecord(logAsk, bytes),
  },
} as const;
