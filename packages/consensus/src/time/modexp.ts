import type { DiffieHellman } from 'node:crypto';
import { nodeCrypto } from '../native.ts';
import { ELEMENT_BYTES, N, toBytes, toInteger } from './rsa-2048.ts';

/** base^exponent mod N for 2 ≤ base ≤ N-2; the exponent as big-endian bytes. */
export type PowerModN = (base: bigint, exponent: Uint8Array) => bigint;

let group: DiffieHellman | undefined;

/**
 * Five times as fast as BigInt: OpenSSL's Diffie-Hellman is a modular exponentiation, and N serves as its "prime".
 * Building the group takes some milliseconds, so there is one.
 */
function powerNative(base: bigint, exponent: Uint8Array): bigint {
  group ??= (nodeCrypto as NonNullable<typeof nodeCrypto>).createDiffieHellman(
    toBytes(N, ELEMENT_BYTES),
    Uint8Array.of(2),
  );
  group.setPrivateKey(exponent);
  return toInteger(group.computeSecret(toBytes(base, ELEMENT_BYTES)));
}

function powerPortable(base: bigint, exponent: Uint8Array): bigint {
  let result = 1n;
  for (const byte of exponent) {
    for (let bit = 7; bit >= 0; bit--) {
      result = (result * result) % N;
      if ((byte >>> bit) & 1) result = (result * base) % N;
    }
  }
  return result;
}

export type VdfBackend = 'native' | 'portable';

/** The fastest exponentiation of this host. */
export const defaultBackend: VdfBackend = nodeCrypto === undefined ? 'portable' : 'native';

/** Exponentiation by the named backend; both give the same results. An exponent of zero gives 1. */
export function powerModN(backend: VdfBackend): PowerModN {
  const power = backend === 'native' ? powerNative : powerPortable;
  return (base, exponent) =>
    base <= 1n || exponent.every((byte) => byte === 0) ? (base <= 1n ? base : 1n) : power(base, exponent);
}
