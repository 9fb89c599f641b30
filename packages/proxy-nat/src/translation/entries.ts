/** Rights of a region or a grant, as a set of bits. */
export const rights = { read: 1, write: 2, atomics: 4 } as const;
/** All rights together. */
export const allRights = 7;

/** Bytes of a page, the smallest region. */
export const pageBytes = 4096;
/** log2 of `pageBytes`. */
export const pageLog2 = 12;
/** log2 of the largest region: offsets stay exact numbers. */
export const largestLog2 = 47;

/** The regions of a node in typed arrays, one slot each; a hash of base and size leads to the slot. */
export interface Entries {
  readonly capacity: number;
  /** Four 32-bit words of the base, most significant first, per slot. */
  readonly base: Uint32Array;
  readonly sizeLog2: Uint8Array;
  readonly rights: Uint8Array;
  /** 0 in a free slot. Otherwise unique: no two mappings of one space ever share it. */
  readonly generation: Float64Array;
  /** Where the region starts in the private arena. */
  readonly place: Float64Array;
  readonly owner: Float64Array;
  readonly expiresMs: Float64Array;
  /** The slot of the region that holds the address, or -1. Allocates nothing. */
  find(w0: number, w1: number, w2: number, w3: number): number;
  /** Puts a filled slot into the hash. */
  link(slot: number): void;
  /** Takes it out; the slot is free afterwards. */
  unlink(slot: number): void;
  /** Takes a free slot, or gives -1. */
  freeSlot(): number;
  /** Gives a slot back that was never linked. */
  returnSlot(slot: number): void;
}

const tlbSize = 16;

/** Makes an empty table for `capacity` regions, at most half full in its hash, with a 16-way direct-mapped TLB. */
export function createEntries(capacity: number): Entries {
  const base = new Uint32Array(capacity * 4);
  const sizeLog2 = new Uint8Array(capacity);
  const generation = new Float64Array(capacity);
  const indexMask = 2 ** Math.ceil(Math.log2(Math.max(capacity, 8) * 2)) - 1;
  const index = new Int32Array(indexMask + 1).fill(-1);
  const perClass = new Uint32Array(64);
  const classes = new Uint8Array(64);
  let classCount = 0;
  const tlbPage = new Uint32Array(tlbSize * 4);
  const tlbSlot = new Int32Array(tlbSize).fill(-1);
  const free = Array.from({ length: capacity }, (_, slot) => capacity - 1 - slot);

  const homeOf = (w0: number, w1: number, w2: number, w3: number, log2: number): number => {
    let hash = Math.imul(w0 ^ log2, 0x9e3779b1) ^ Math.imul(w1, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15) ^ w2, 0xc2b2ae35);
    hash = Math.imul(hash ^ (hash >>> 13) ^ w3, 0x27d4eb2f);
    return (hash ^ (hash >>> 16)) & indexMask;
  };
  const homeOfSlot = (slot: number): number =>
    homeOf(
      base[slot * 4] as number,
      base[slot * 4 + 1] as number,
      base[slot * 4 + 2] as number,
      base[slot * 4 + 3] as number,
      sizeLog2[slot] as number,
    );
  const probe = (w0: number, w1: number, w2: number, w3: number, log2: number): number => {
    for (let at = homeOf(w0, w1, w2, w3, log2); ; at = (at + 1) & indexMask) {
      const slot = index[at] as number;
      if (slot < 0) return -1;
      const isSame =
        base[slot * 4 + 3] === w3 &&
        base[slot * 4 + 2] === w2 &&
        base[slot * 4 + 1] === w1 &&
        base[slot * 4] === w0 &&
        sizeLog2[slot] === log2;
      if (isSame) return slot;
    }
  };
  /** Regions do not overlap, so at most one size class holds the address. */
  const search = (w0: number, w1: number, w2: number, w3: number): number => {
    for (let at = 0; at < classCount; at += 1) {
      const log2 = classes[at] as number;
      const low = log2 >= 32 ? 0 : (w3 & (-1 << log2)) >>> 0;
      const high = log2 > 32 ? (w2 & (-1 << (log2 - 32))) >>> 0 : w2;
      const slot = probe(w0, w1, high, low, log2);
      if (slot >= 0) return slot;
    }
    return -1;
  };
  const countClass = (log2: number, by: 1 | -1): void => {
    perClass[log2] = (perClass[log2] as number) + by;
    classCount = 0;
    for (let each = 0; each < 64; each += 1) if (perClass[each] !== 0) classes[classCount++] = each;
  };

  return {
    capacity,
    base,
    sizeLog2,
    generation,
    rights: new Uint8Array(capacity),
    place: new Float64Array(capacity),
    owner: new Float64Array(capacity),
    expiresMs: new Float64Array(capacity),
    find(w0, w1, w2, w3) {
      const page = w3 >>> pageLog2;
      const way = ((page ^ w2) & (tlbSize - 1)) >>> 0;
      const hit = tlbSlot[way] as number;
      const at = way * 4;
      const isHit =
        hit >= 0 &&
        tlbPage[at + 3] === page &&
        tlbPage[at + 2] === w2 &&
        tlbPage[at + 1] === w1 &&
        tlbPage[at] === w0;
      if (isHit) return hit;
      const slot = search(w0, w1, w2, w3);
      if (slot < 0) return -1;
      tlbPage[at] = w0;
      tlbPage[at + 1] = w1;
      tlbPage[at + 2] = w2;
      tlbPage[at + 3] = page;
      tlbSlot[way] = slot;
      return slot;
    },
    link(slot) {
      let at = homeOfSlot(slot);
      while ((index[at] as number) >= 0) at = (at + 1) & indexMask;
      index[at] = slot;
      countClass(sizeLog2[slot] as number, 1);
    },
    unlink(slot) {
      let hole = homeOfSlot(slot);
      while (index[hole] !== slot) hole = (hole + 1) & indexMask;
      index[hole] = -1;
      for (let at = (hole + 1) & indexMask; (index[at] as number) >= 0; at = (at + 1) & indexMask) {
        const mover = index[at] as number;
        const reach = (at - homeOfSlot(mover)) & indexMask;
        if (reach < ((at - hole) & indexMask)) continue;
        index[hole] = mover;
        index[at] = -1;
        hole = at;
      }
      countClass(sizeLog2[slot] as number, -1);
      tlbSlot.fill(-1);
      generation[slot] = 0;
      free.push(slot);
    },
    freeSlot: () => free.pop() ?? -1,
    returnSlot: (slot) => {
      free.push(slot);
    },
  };
}
