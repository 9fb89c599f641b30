import type { Verdict } from '@hypermesh/core';
import type { Prefix } from '../address/plan.ts';
import { ProxyNatError } from '../errors.ts';
import { faultCode } from '../faults.ts';
import { createBuddy } from './buddy.ts';
import { allRights, createEntries, largestLog2, pageLog2 } from './entries.ts';

/** What a mapping is asked for. */
export interface MappingRequest {
  /** A number that names the owner to the caller; not interpreted. */
  readonly owner: number;
  /** Rounded up to the next power of two, at least one page. */
  readonly sizeBytes: number;
  /** Bits of `rights`; all unless told. */
  readonly rights?: number;
  /** Unix milliseconds; never unless told. */
  readonly expiresMs?: number;
}

/** One live mapping: a public name and the private place that it stands for now. */
export interface Mapping {
  readonly slot: number;
  readonly address: bigint;
  /** Size of the mapped block, a power of two. */
  readonly sizeBytes: number;
  /** Never given twice by one space. */
  readonly generation: number;
  /** Offset in the private arena. */
  readonly place: number;
  readonly owner: number;
  readonly rights: number;
  readonly expiresMs: number;
}

/**
 * Translation between public addresses and a private arena, as NAT has it: names stay, places change. The hot path,
 * `translate` and `placeOf`, works on four 32-bit words of the address and allocates nothing.
 */
export interface Translation {
  /** Takes a block of names and a block of the arena. Nothing of it belongs to a live mapping. */
  allocate(request: MappingRequest): Verdict<{ readonly mapping: Mapping }, 'full' | 'size'>;
  /**
   * The slot of the mapping that holds `length` bytes from the address, or the negated code of a fault: `Unmapped`,
   * `Bounds`, `Expired` or `Protection`, looked at in this order. `need` are bits of `rights`.
   */
  translate(address: Words, length: number, need: number, nowMs: number): number;
  /** Where an address of the mapping in `slot` lies in the arena. */
  placeOf(slot: number, address: Words): number;
  /** The generation of a slot; 0 where it is free. */
  generationOf(slot: number): number;
  /** The mapping in a slot, or undefined where it is free. */
  mappingOf(slot: number): Mapping | undefined;
  /** The public name of a byte of the arena, or undefined where nothing is mapped there. */
  nameOf(place: number): bigint | undefined;
  /** Gives a mapping a new generation in place: whoever holds the old one holds nothing. */
  renew(slot: number): number;
  /** Ends a mapping; its names and its place may be given to somebody else at once. False where it has ended. */
  release(slot: number, generation: number): boolean;
  /** Ends every mapping whose time is over; says which. */
  expire(nowMs: number): readonly Mapping[];
}

/** An address in four 32-bit words, most significant first. */
export interface Words {
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
}

/** Splits an address into words. */
export const wordsOf = (address: bigint): Words => ({
  w0: Number((address >> 96n) & 0xffff_ffffn),
  w1: Number((address >> 64n) & 0xffff_ffffn),
  w2: Number((address >> 32n) & 0xffff_ffffn),
  w3: Number(address & 0xffff_ffffn),
});

/** Names of a node that are given out: the first 2^48 of its 64-bit space, without the first page. */
const namesLog2 = 48;

/**
 * Makes the translation of a node. `network` is its /64, `arenaBytes` the size of its private arena (a power of two),
 * `firstGeneration` must be above every generation that an earlier life of the node has given out.
 */
export function createTranslation(options: {
  readonly network: Prefix;
  readonly arenaBytes: number;
  readonly capacity?: number;
  readonly firstGeneration?: number;
}): Translation {
  const { network, arenaBytes, capacity = 4096 } = options;
  const arenaLog2 = Math.log2(arenaBytes);
  const bad = (name: string, expected: string) =>
    new ProxyNatError({ code: 'proxy-nat/bad-argument', name }, `${name} must be ${expected}`);
  if (network.length !== 64) throw bad('network', 'a /64');
  if (!Number.isInteger(arenaLog2) || arenaLog2 < pageLog2 || arenaLog2 > largestLog2)
    throw bad('arenaBytes', 'a power of two of at least one page');
  if (!(Number.isSafeInteger(capacity) && capacity >= 1 && capacity <= 2 ** 22))
    throw bad('capacity', '1 to 4,194,304');
  const names = createBuddy(namesLog2, pageLog2);
  names.take(pageLog2);
  const arena = createBuddy(arenaLog2, pageLog2);
  const entries = createEntries(capacity);
  const slotAtPlace = new Map<number, number>();
  const { w0: net0, w1: net1 } = wordsOf(network.address);
  let nextGeneration = options.firstGeneration ?? 1;
  const unmapped = -faultCode('Unmapped');
  const bounds = -faultCode('Bounds');
  const expired = -faultCode('Expired');
  const protection = -faultCode('Protection');

  const offsetIn = (slot: number, { w2, w3 }: Words): number =>
    (w2 - (entries.base[slot * 4 + 2] as number)) * 2 ** 32 + (w3 - (entries.base[slot * 4 + 3] as number));
  const nameAt = (slot: number): number =>
    (entries.base[slot * 4 + 2] as number) * 2 ** 32 + (entries.base[slot * 4 + 3] as number);

  const self: Translation = {
    allocate({ owner, sizeBytes, rights = allRights, expiresMs = Number.POSITIVE_INFINITY }) {
      if (!(Number.isSafeInteger(sizeBytes) && sizeBytes >= 1)) return { ok: false, reason: 'size' };
      let log2 = pageLog2;
      while (2 ** log2 < sizeBytes) log2 += 1;
      const slot = entries.freeSlot();
      if (slot < 0) return { ok: false, reason: 'full' };
      const place = log2 > arenaLog2 ? undefined : arena.take(log2);
      const name = place === undefined ? undefined : names.take(log2);
      if (place === undefined || name === undefined) {
        if (place !== undefined) arena.give(place, log2);
        entries.returnSlot(slot);
        return { ok: false, reason: 'full' };
      }
      entries.base.set([net0, net1, Math.floor(name / 2 ** 32), name % 2 ** 32], slot * 4);
      entries.sizeLog2[slot] = log2;
      entries.rights[slot] = rights & allRights;
      entries.generation[slot] = nextGeneration++;
      entries.place[slot] = place;
      entries.owner[slot] = owner;
      entries.expiresMs[slot] = expiresMs;
      entries.link(slot);
      slotAtPlace.set(place, slot);
      return { ok: true, mapping: self.mappingOf(slot) as Mapping };
    },
    translate(address, length, need, nowMs) {
      const slot = entries.find(address.w0, address.w1, address.w2, address.w3);
      if (slot < 0) return unmapped;
      const size = 2 ** (entries.sizeLog2[slot] as number);
      if (!(length >= 0 && offsetIn(slot, address) + length <= size)) return bounds;
      if (nowMs >= (entries.expiresMs[slot] as number)) return expired;
      if (((entries.rights[slot] as number) & need) !== need) return protection;
      return slot;
    },
    placeOf: (slot, address) => (entries.place[slot] as number) + offsetIn(slot, address),
    generationOf: (slot) => entries.generation[slot] ?? 0,
    mappingOf(slot) {
      const generation = entries.generation[slot] ?? 0;
      if (generation === 0) return undefined;
      return {
        slot,
        address: network.address | BigInt(nameAt(slot)),
        sizeBytes: 2 ** (entries.sizeLog2[slot] as number),
        generation,
        place: entries.place[slot] as number,
        owner: entries.owner[slot] as number,
        rights: entries.rights[slot] as number,
        expiresMs: entries.expiresMs[slot] as number,
      };
    },
    nameOf(place) {
      for (let log2 = pageLog2; log2 <= arenaLog2; log2 += 1) {
        const start = Math.floor(place / 2 ** log2) * 2 ** log2;
        const slot = slotAtPlace.get(start);
        if (slot === undefined || place - start >= 2 ** (entries.sizeLog2[slot] as number)) continue;
        return network.address | BigInt(nameAt(slot) + place - start);
      }
      return undefined;
    },
    renew(slot) {
      if ((entries.generation[slot] ?? 0) === 0) throw bad('slot', 'of a live mapping');
      entries.generation[slot] = nextGeneration++;
      return entries.generation[slot] as number;
    },
    release(slot, generation) {
      const mapping = self.mappingOf(slot);
      if (mapping === undefined || mapping.generation !== generation) return false;
      const log2 = entries.sizeLog2[slot] as number;
      arena.give(mapping.place, log2);
      names.give(nameAt(slot), log2);
      slotAtPlace.delete(mapping.place);
      entries.unlink(slot);
      return true;
    },
    expire(nowMs) {
      const over: Mapping[] = [];
      for (let slot = 0; slot < capacity; slot += 1) {
        const mapping = self.mappingOf(slot);
        if (mapping === undefined || nowMs < mapping.expiresMs) continue;
        self.release(slot, mapping.generation);
        over.push(mapping);
      }
      return over;
    },
  };
  return self;
}
