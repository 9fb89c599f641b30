import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';

export const TAG_BYTES = 16;

/**
 * AES-256-GCM with the nonce 0 (32 bits) ‖ counter (64 bits): each key seals each counter once. The key is
 * a KeyObject because node:crypto takes three times as long with bytes, for which it throws and catches within.
 */
export function seal(key: KeyObject, counter: bigint, aad: Uint8Array, plain: Uint8Array): Uint8Array[] {
  const cipher = createCipheriv('aes-256-gcm', key, nonce(counter));
  cipher.setAAD(aad);
  const body = cipher.update(plain);
  cipher.final();
  return [body, cipher.getAuthTag()];
}

/** Opens ciphertext ‖ tag; undefined when key, counter, aad or bytes differ from what was sealed. */
export function open(
  key: KeyObject,
  counter: bigint,
  aad: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  if (sealed.length < TAG_BYTES) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce(counter), { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const plain = decipher.update(sealed.subarray(0, sealed.length - TAG_BYTES));
  try {
    decipher.final();
    return plain;
  } catch {
    // The one thing that `final` reports: the tag does not fit.
    return undefined;
  }
}

function nonce(counter: bigint): Uint8Array {
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64BE(counter, 4);
  return bytes;
}
