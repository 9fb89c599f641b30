import { decodeRecord, domainMessage, encodeRecord, record, s, type Verdict } from '@hypermesh/core';

/** The key of whoever holds addresses: Ed25519, 32-byte public key. `createSigner` of `@hypermesh/core/ed25519` is one. */
export interface HolderKey {
  readonly publicKey: Uint8Array;
  /** Signs the message with the secret key; 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

/** Checks an Ed25519 signature. `verify` of `@hypermesh/core/ed25519` is one. */
export type VerifySignature = (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean;

const envelope = record({
  v: s.literal(1),
  body: s.bytes({ max: 1024, min: 1 }),
  signature: s.bytes({ length: 64 }),
});

/** Largest signed record of this package, bytes. */
export const maxSignedBytes = 1152;

/** Seals a body: canonical record of body and signature over `domain` and body. */
export function seal(domain: string, body: Uint8Array, key: HolderKey): Uint8Array {
  return encodeRecord(envelope, { v: 1, body, signature: key.sign(domainMessage(domain, body)) });
}

/** Takes a sealed record apart, without a look at the signature. */
export function unseal(
  bytes: Uint8Array,
): Verdict<{ readonly body: Uint8Array; readonly signature: Uint8Array }, 'malformed'> {
  const decoded = decodeRecord(envelope, bytes, { maxBytes: maxSignedBytes });
  return decoded.ok ? { ok: true, ...decoded.value } : { ok: false, reason: 'malformed' };
}

/** An address in 16 bytes, most significant first. */
export function addressBytes(address: bigint): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, address >> 64n);
  view.setBigUint64(8, address & 0xffff_ffff_ffff_ffffn);
  return bytes;
}

/** The address in 16 bytes. */
export function addressOf(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return (view.getBigUint64(0) << 64n) | view.getBigUint64(8);
}
