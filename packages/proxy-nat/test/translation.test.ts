import fc from 'fast-check';
import { expect, test } from 'vitest';
import { faultOf } from '../src/faults.ts';
import {
  createTranslation,
  type Mapping,
  pageBytes,
  parsePrefix,
  rights,
  type Translation,
  wordsOf,
} from '../src/index.ts';

const network = parsePrefix('fd48:4d00:1:2::/64');
if (!network.ok) throw new TypeError('a prefix');
const create = (arenaBytes = 2 ** 16, capacity = 12): Translation =>
  createTranslation({ network, arenaBytes, capacity });
const at = (translation: Translation, address: bigint, { length = 1, need = 0, nowMs = 0 } = {}) => {
  const slot = translation.translate(wordsOf(address), length, need, nowMs);
  return slot >= 0 ? slot : faultOf(-slot);
};

/** Everything that a translation may be asked, against a plain list of live mappings. */
function ownersProperty(make: () => Translation, seen: { reused: number }) {
  interface Model {
    readonly live: Map<number, Mapping>;
    readonly ended: Mapping[];
    nowMs: number;
    lastGeneration: number;
    owners: number;
  }
  const overlaps = (a: Mapping, b: Mapping) =>
    a.address < b.address + BigInt(b.sizeBytes) && b.address < a.address + BigInt(a.sizeBytes);
  const overlapsInside = (a: Mapping, b: Mapping) =>
    a.place < b.place + b.sizeBytes && b.place < a.place + a.sizeBytes;
  const pick = (model: Model, index: number) =>
    [...model.live.values()][index % Math.max(1, model.live.size)];
  const check = (model: Model, real: Translation) => {
    const live = [...model.live.values()];
    for (const [index, one] of live.entries()) {
      for (const other of live.slice(index + 1)) {
        expect(overlaps(one, other) || overlapsInside(one, other)).toBe(false);
        expect(one.generation).not.toBe(other.generation);
      }
      const middle = one.address + BigInt(one.sizeBytes >> 1);
      const isOver = model.nowMs >= one.expiresMs;
      expect(at(real, middle, { nowMs: model.nowMs })).toBe(isOver ? 'Expired' : one.slot);
      expect(real.mappingOf(one.slot)).toEqual(one);
      expect(real.placeOf(one.slot, wordsOf(middle))).toBe(one.place + (one.sizeBytes >> 1));
      expect(real.nameOf(one.place + (one.sizeBytes >> 1))).toBe(middle);
    }
    for (const old of model.ended) {
      const owner = live.find((mapping) => overlaps({ ...old, sizeBytes: 1 }, mapping));
      const isOver = owner !== undefined && model.nowMs >= owner.expiresMs;
      expect(at(real, old.address, { nowMs: model.nowMs })).toBe(
        isOver ? 'Expired' : (owner?.slot ?? 'Unmapped'),
      );
      expect(real.release(old.slot, old.generation)).toBe(false);
    }
  };
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('allocate' as const),
      pages: fc.integer({ min: 1, max: 7 }),
      lifeMs: fc.integer({ min: 1, max: 50 }),
    }),
    fc.record({ kind: fc.constant('release' as const), index: fc.nat(11) }),
    fc.record({ kind: fc.constant('renew' as const), index: fc.nat(11) }),
    fc.record({ kind: fc.constant('expire' as const), byMs: fc.integer({ min: 0, max: 30 }) }),
  );
  return fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
    const real = make();
    const model: Model = { live: new Map(), ended: [], nowMs: 0, lastGeneration: 0, owners: 0 };
    const end = (mapping: Mapping) => {
      model.live.delete(mapping.slot);
      model.ended.push(mapping);
    };
    for (const action of steps) {
      if (action.kind === 'allocate') {
        model.owners += 1;
        const request = {
          owner: model.owners,
          sizeBytes: action.pages * pageBytes,
          expiresMs: model.nowMs + action.lifeMs,
        };
        const taken = real.allocate(request);
        if (taken.ok) {
          expect(taken.mapping.generation).toBeGreaterThan(model.lastGeneration);
          expect(taken.mapping.owner).toBe(model.owners);
          expect(taken.mapping.address % BigInt(taken.mapping.sizeBytes)).toBe(0n);
          model.lastGeneration = taken.mapping.generation;
          if (model.ended.some((old) => overlaps(old, taken.mapping))) seen.reused += 1;
          model.live.set(taken.mapping.slot, taken.mapping);
        } else {
          expect(taken.reason).toBe('full');
          expect(model.live.size).toBeGreaterThan(0);
        }
      } else if (action.kind === 'release') {
        const mapping = pick(model, action.index);
        if (mapping !== undefined) {
          expect(real.release(mapping.slot, mapping.generation)).toBe(true);
          end(mapping);
        }
      } else if (action.kind === 'renew') {
        const mapping = pick(model, action.index);
        if (mapping !== undefined) {
          const generation = real.renew(mapping.slot);
          expect(generation).toBeGreaterThan(model.lastGeneration);
          model.lastGeneration = generation;
          model.live.set(mapping.slot, { ...mapping, generation });
          expect(real.release(mapping.slot, mapping.generation)).toBe(false);
        }
      } else {
        model.nowMs += action.byMs;
        const over = [...model.live.values()].filter(({ expiresMs }) => model.nowMs >= expiresMs);
        expect(new Set(real.expire(model.nowMs).map(({ slot }) => slot))).toEqual(
          new Set(over.map(({ slot }) => slot)),
        );
        for (const mapping of over) end(mapping);
      }
      check(model, real);
    }
  });
}

test('allocating, translating, expiring and reusing never gives an address or a byte two live owners [proxy-03]', () => {
  const seen = { reused: 0 };
  fc.assert(ownersProperty(create, seen), { numRuns: 300 });
  expect(seen.reused).toBeGreaterThan(500);
});

test('the model catches a translation that remembers what has ended, and one that gives a generation twice', () => {
  const remembers = () => {
    const real = create();
    const cache = new Map<number, number>();
    return {
      ...real,
      translate(...[words, ...rest]: Parameters<Translation['translate']>) {
        const slot = cache.get(words.w3) ?? real.translate(words, ...rest);
        if (slot >= 0) cache.set(words.w3, slot);
        return slot;
      },
    };
  };
  const repeats = () => {
    const real = create();
    return { ...real, renew: (slot: number) => real.generationOf(slot) };
  };
  for (const broken of [remembers, repeats])
    expect(fc.check(ownersProperty(broken, { reused: 0 }), { numRuns: 100 }).failed).toBe(true);
});

test('bounds and rights are part of translation, and the first fault in the documented order is told [proxy-03]', () => {
  const translation = create();
  const taken = translation.allocate({ owner: 1, sizeBytes: 8192, rights: rights.read, expiresMs: 100 });
  if (!taken.ok) throw new TypeError('a mapping');
  const { address, slot } = taken.mapping;
  expect(at(translation, address, { length: 8192, need: rights.read })).toBe(slot);
  expect(at(translation, address + 8191n, { length: 1 })).toBe(slot);
  expect(at(translation, address + 8191n, { length: 2 })).toBe('Bounds');
  expect(at(translation, address + 8192n)).toBe('Unmapped');
  expect(at(translation, address - 1n)).toBe('Unmapped');
  expect(at(translation, address ^ (1n << 127n))).toBe('Unmapped');
  expect(at(translation, address, { length: -1 })).toBe('Bounds');
  expect(at(translation, address, { length: Number.NaN })).toBe('Bounds');
  expect(at(translation, address, { need: rights.write })).toBe('Protection');
  expect(at(translation, address, { need: rights.write, nowMs: 100 })).toBe('Expired');
});

test('regions of many sizes fill the arena wholly, each is found, and what is given back can be had again', () => {
  const translation = create(2 ** 26, 3_000);
  const sizes = Array.from({ length: 2_000 }, (_, index) => 4096 * 2 ** (index % 4));
  const mappings = sizes.map((sizeBytes, owner) => translation.allocate({ owner, sizeBytes }));
  for (const [owner, taken] of mappings.entries()) {
    if (!taken.ok) throw new TypeError('room');
    expect(at(translation, taken.mapping.address + BigInt(taken.mapping.sizeBytes) - 1n)).toBe(
      taken.mapping.slot,
    );
    expect(taken.mapping.owner).toBe(owner);
    if (owner % 3 === 0) translation.release(taken.mapping.slot, taken.mapping.generation);
  }
  for (const [owner, taken] of mappings.entries())
    if (taken.ok)
      expect(at(translation, taken.mapping.address)).toBe(owner % 3 === 0 ? 'Unmapped' : taken.mapping.slot);
  for (const taken of mappings)
    if (taken.ok) translation.release(taken.mapping.slot, taken.mapping.generation);
  expect(translation.allocate({ owner: 1, sizeBytes: 2 ** 26 }).ok).toBe(true);
  expect(translation.allocate({ owner: 1, sizeBytes: 1 })).toEqual({ ok: false, reason: 'full' });
});

test.each([0, -1, 1.5, Number.NaN, 2 ** 60])('a region of %s bytes is refused', (sizeBytes) => {
  expect(create().allocate({ owner: 1, sizeBytes }).ok).toBe(false);
});
