import type { Verdict } from '@hypermesh/core';
import { FieldReader, uint } from './reader.ts';
import type { SuiteId } from './suites.ts';

/** Types and largest bodies of handshake frames: `u8 type`, `u24 length`, body. */
export const FRAME = {
  hello: { type: 1, maxBytes: 8_192 },
  accept: { type: 2, maxBytes: 8_192 },
  listenerAuth: { type: 3, maxBytes: 49_152 },
  dialerAuth: { type: 4, maxBytes: 49_152 },
  finish: { type: 5, maxBytes: 64 },
  refuse: { type: 0x7f, maxBytes: 1 },
} as const;

export type FrameName = keyof typeof FRAME;

const PROTOCOL_VERSION = 1;
const MAX_CHAIN_BYTES = 32_768;
const MAX_CERTIFICATES = 16;
const MAX_SIGNATURE_BYTES = 8_192;
const MAGIC = Buffer.from('STOQ');
const MAX_OFFERS = 8;

export interface Offer {
  readonly suite: number;
  readonly share: Uint8Array;
}

/** `STOQ`, version, 32-byte nonce, number of offers, then each `u16 suite`, `u16 length`, share. */
export function encodeHello(nonce: Uint8Array, offers: readonly Offer[]): Uint8Array {
  return Buffer.concat([
    MAGIC,
    uint(PROTOCOL_VERSION, 1),
    nonce,
    uint(offers.length, 1),
    ...offers.flatMap(({ suite, share }) => [uint(suite, 2), uint(share.length, 2), share]),
  ]);
}

/** Reads a hello of any origin. */
export function decodeHello(
  body: Uint8Array,
): Verdict<{ readonly offers: readonly Offer[] }, 'bad-frame' | 'bad-version'> {
  const reader = new FieldReader(body);
  if (!MAGIC.equals(reader.bytes(4))) return { ok: false, reason: 'bad-frame' };
  if (reader.uint(1) !== PROTOCOL_VERSION) return { ok: false, reason: 'bad-version' };
  reader.bytes(32);
  const count = reader.uint(1);
  if (count === 0 || count > MAX_OFFERS) return { ok: false, reason: 'bad-frame' };
  const offers: Offer[] = [];
  for (let index = 0; index < count; index += 1) {
    offers.push({ suite: reader.uint(2), share: reader.bytes(reader.uint(2)) });
  }
  const isDistinct = new Set(offers.map(({ suite }) => suite)).size === count;
  return reader.isComplete && isDistinct ? { ok: true, offers } : { ok: false, reason: 'bad-frame' };
}

/** 32-byte nonce, `u16 suite`, `u16 length`, share. */
export function encodeAccept(nonce: Uint8Array, suite: SuiteId, share: Uint8Array): Uint8Array {
  return Buffer.concat([nonce, uint(suite, 2), uint(share.length, 2), share]);
}

/** Reads an accept of any origin. */
export function decodeAccept(body: Uint8Array): Verdict<Offer, 'bad-frame'> {
  const reader = new FieldReader(body);
  reader.bytes(32);
  const suite = reader.uint(2);
  const share = reader.bytes(reader.uint(2));
  return reader.isComplete ? { ok: true, suite, share } : { ok: false, reason: 'bad-frame' };
}

/** What one end proves itself with: chain and signature under a MAC of the session. */
export interface Proof {
  readonly chain: readonly Uint8Array[];
  readonly signature: Uint8Array;
  /** HMAC-SHA-256, 32 bytes. */
  readonly mac: Uint8Array;
}

/** `u8` number of certificates, each `u24 length` and bytes, leaf first. */
export function encodeChain(chain: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([
    uint(chain.length, 1),
    ...chain.flatMap((certificate) => [uint(certificate.length, 3), certificate]),
  ]);
}

/** Whether an authenticator's chain and signature are within the protocol's bounds. */
export function isSendable(chain: readonly Uint8Array[], signature: Uint8Array): boolean {
  const size = chain.reduce((sum, certificate) => sum + certificate.length, 0);
  return (
    chain.length > 0 &&
    chain.length <= MAX_CERTIFICATES &&
    chain.every((certificate) => certificate.length > 0) &&
    size <= MAX_CHAIN_BYTES &&
    signature.length > 0 &&
    signature.length <= MAX_SIGNATURE_BYTES
  );
}

/** The encoded chain, `u16 length` and signature, 32-byte MAC. */
export function encodeProof({ chain, signature, mac }: Proof): Uint8Array {
  return Buffer.concat([encodeChain(chain), uint(signature.length, 2), signature, mac]);
}

/** Reads a proof that was sealed; its bounds are checked, its MAC and signature are not. */
export function decodeProof(body: Uint8Array): Verdict<{ readonly proof: Proof }, 'bad-auth'> {
  const reader = new FieldReader(body);
  const count = reader.uint(1);
  const chain: Uint8Array[] = [];
  for (let index = 0; index < count && reader.isSound; index += 1) chain.push(reader.bytes(reader.uint(3)));
  const signature = reader.bytes(reader.uint(2));
  const mac = reader.bytes(32);
  return reader.isComplete && isSendable(chain, signature)
    ? { ok: true, proof: { chain, signature, mac } }
    : { ok: false, reason: 'bad-auth' };
}
