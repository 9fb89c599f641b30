const slabBytes = 256 * 1024;
const largest = 16 * 1024;
let slab = Buffer.allocUnsafeSlow(0);
let used = 0;

/**
 * A buffer of so many bytes with any content, cut from a larger one where it is small: pages are above what Node's own
 * pool serves, and a fresh ArrayBuffer each costs more than the copy of a page. Never given back by hand.
 */
export function allocate(size: number): Buffer {
  if (size > largest) return Buffer.allocUnsafeSlow(size);
  if (used + size > slab.length) {
    slab = Buffer.allocUnsafeSlow(slabBytes);
    used = 0;
  }
  const start = used;
  used += (size + 7) & ~7;
  return slab.subarray(start, start + size);
}
