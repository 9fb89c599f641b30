import { type ContentRoot, decodeRecord, encodeRecord, type Infer, record, s } from '@hypermesh/core';

/** Asks a member to fetch a root and to keep it; answered when it is on that member's disk. */
export const holdRequest = 'content/hold/1';
/** Asks a member where its discovery host listens. */
export const discoveryRequest = 'content/discovery/1';

const holdAsk = record({
  v: s.literal(1),
  root: s.cid<ContentRoot>({ codec: 'dag-cbor', hash: 'blake3-256' }),
  /** What the asker says that the content is large: the asked one takes no more. */
  size: s.uint(),
});
const holdAnswer = record({ v: s.literal(1), size: s.uint() });
const discoveryAnswer = record({ v: s.literal(1), addresses: s.array(s.text(256), 8) });

export type HoldAsk = Infer<typeof holdAsk>;

/** Each message of the content service in its canonical bytes, and back from anybody's. */
export const contentMessages = {
  holdAsk: {
    encode: (value: Omit<HoldAsk, 'v'>): Uint8Array => encodeRecord(holdAsk, { v: 1, ...value }),
    decode: (bytes: Uint8Array) => decodeRecord(holdAsk, bytes, { maxBytes: 1024 }),
  },
  holdAnswer: {
    encode: (size: number): Uint8Array => encodeRecord(holdAnswer, { v: 1, size }),
    decode: (bytes: Uint8Array) => decodeRecord(holdAnswer, bytes, { maxBytes: 1024 }),
  },
  discoveryAnswer: {
    encode: (addresses: readonly string[]): Uint8Array =>
      encodeRecord(discoveryAnswer, { v: 1, addresses: addresses.slice(0, 8) }),
    decode: (bytes: Uint8Array) => decodeRecord(discoveryAnswer, bytes, { maxBytes: 4096 }),
  },
} as const;
