import { type Schema, s } from '@hypermesh/core';

/** Most keys in one file: all of them together are sealed within some 10 ms of the calling thread. */
export const KEYS_MAX = 256;
const SEALED_MAX_BYTES = 2 << 20;

/** What the seal authenticates beside the keys. */
export interface Header {
  readonly v: 1;
  readonly kind: 'hypermesh-keystore';
  readonly cost: KeystoreCost & { readonly algorithm: 'argon2id'; readonly salt: Uint8Array };
  readonly cipher: 'xchacha20-poly1305';
  readonly nonce: Uint8Array;
}

/** A keystore file: its header, a proof that a passphrase is the right one, and the sealed keys. */
export interface KeystoreFile extends Header {
  readonly check: Uint8Array;
  readonly sealed: Uint8Array;
}

/** What is sealed: the keys in order of their names. */
export interface KeystoreBody {
  readonly v: 1;
  readonly keys: readonly (StoredKey & { readonly name: string })[];
}

const HEADER_FIELDS = {
  v: s.literal(1),
  kind: s.literal('hypermesh-keystore'),
  cost: s.record({
    algorithm: s.literal('argon2id'),
    memoryKiB: s.uint(2 ** 32 - 1),
    passes: s.uint(2 ** 32 - 1),
    lanes: s.uint(2 ** 24 - 1),
    salt: s.bytes({ length: 32 }),
  }),
  cipher: s.literal('xchacha20-poly1305'),
  nonce: s.bytes({ length: 24 }),
} as const;

/** Schema of a header. */
export const HEADER: Schema<Header> = s.record(HEADER_FIELDS);

/** Schema of a file. */
export const FILE: Schema<KeystoreFile> = s.record({
  ...HEADER_FIELDS,
  check: s.bytes({ length: 32 }),
  sealed: s.bytes({ max: SEALED_MAX_BYTES }),
});

/** Schema of what is sealed. */
export const BODY: Schema<KeystoreBody> = s.record({
  v: s.literal(1),
  keys: s.array(
    s.record({
      name: s.text(128),
      suite: s.text(64),
      publicKey: s.bytes({ max: 2592 }),
      secretKey: s.bytes({ max: 4896 }),
    }),
    KEYS_MAX,
  ),
});

/** Longest file that is read at all. */
export const FILE_MAX_BYTES: number = SEALED_MAX_BYTES + 4096;

/** A key as the keystore holds it: `suite` is an id of `/suite` or any name of the caller's, of at most 64 bytes. */
export interface StoredKey {
  readonly suite: string;
  /** At most 2,592 bytes. */
  readonly publicKey: Uint8Array;
  /** At most 4,896 bytes, in the suite's own encoding: the seed where its standard has one, the encoded private key for Falcon. */
  readonly secretKey: Uint8Array;
}

/** What argon2id may cost. Memory is filled once per pass; lanes are counted, not threads. */
export interface KeystoreCost {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

/** The cost of a new keystore: the second recommendation of RFC 9106, about a second on a small machine. */
export const DEFAULT_COST: KeystoreCost = { memoryKiB: 64 << 10, passes: 3, lanes: 4 };

/** What a file may ask of the machine that opens it: 1 GiB, and 4 GiB written in all. */
export const COST_MAX: { readonly memoryKiB: number; readonly writtenKiB: number; readonly lanes: number } = {
  memoryKiB: 1 << 20,
  writtenKiB: 4 << 20,
  lanes: 16,
};

/** Less than this is refused as no protection: 8 MiB. */
const MEMORY_MIN_KIB = 8 << 10;

/** Whether a cost lies within what is refused as too much and too little. */
export function judgeCost(cost: KeystoreCost): 'fits' | 'cost-too-high' | 'cost-too-low' {
  const { memoryKiB, passes, lanes } = cost;
  if (![memoryKiB, passes, lanes].every(Number.isSafeInteger)) return 'cost-too-low';
  if (memoryKiB > COST_MAX.memoryKiB || memoryKiB * passes > COST_MAX.writtenKiB || lanes > COST_MAX.lanes) {
    return 'cost-too-high';
  }
  return memoryKiB < MEMORY_MIN_KIB || passes < 1 || lanes < 1 ? 'cost-too-low' : 'fits';
}
