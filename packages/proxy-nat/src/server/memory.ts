import { ProxyNatError } from '../errors.ts';

/** The bounded buffer that a home lends from. */
export interface Memory {
  readonly bytes: Uint8Array;
  /** The same bytes in aligned words of 8, for atomics; little-endian, as on every platform that Node runs on. */
  readonly words: BigUint64Array;
}

/**
 * Makes the memory over a buffer of the caller, or over a fresh one of so many bytes. A SharedArrayBuffer may be used by
 * the lender's own workers at the same time: 8-byte atomics stay atomic towards them, pages do not.
 */
export function openMemory(arena: number | ArrayBuffer | SharedArrayBuffer): Memory {
  const buffer = typeof arena === 'number' ? new ArrayBuffer(checked(arena)) : arena;
  checked(buffer.byteLength);
  return { bytes: new Uint8Array(buffer), words: new BigUint64Array(buffer) };
}

function checked(size: number): number {
  const log2 = Math.log2(size);
  if (Number.isInteger(log2) && log2 >= 12 && log2 <= 47) return size;
  throw new ProxyNatError(
    { code: 'proxy-nat/bad-argument', name: 'arena' },
    'an arena has a power of two of bytes, at least 4096',
  );
}
