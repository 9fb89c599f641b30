import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { availableBackends, createCodec } from '../src/index.ts';
import { slowData, slowShard } from './reference.ts';
import { choices, shardsOf } from './support.ts';

const without = (shards: readonly Uint8Array[], lost: readonly number[]) =>
  shards.map((shard, index) => (lost.includes(index) ? undefined : shard));
const backends = availableBackends();

describe('the code', () => {
  it('runs relaxed SIMD, SIMD and plain JavaScript on this engine', () => {
    expect(backends).toEqual(['relaxed-simd', 'simd', 'scalar']);
    expect(createCodec({ dataShards: 2, parityShards: 1 }).backend).toBe('relaxed-simd');
  });

  it.each(backends)(
    'gives the same parity with %s as the slow reference, for all lengths around a step',
    (backend) => {
      for (const [dataShards, parityShards] of [
        [1, 1],
        [1, 5],
        [3, 2],
        [10, 4],
        [5, 9],
      ] as const) {
        const codec = createCodec({ dataShards, parityShards, backend });
        for (const length of [1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100]) {
          const data = shardsOf(dataShards, length, `${dataShards}+${parityShards}/${length}`);
          const encoded = codec.encode(data);
          const expected = Array.from({ length: parityShards }, (_, at) => slowShard(dataShards + at, data));
          expect(encoded).toEqual(expected);
        }
      }
    },
  );

  it('gives the same bytes with every back end where shards are longer than a block', () => {
    for (const length of [16_384, 16_385, 100_003]) {
      const data = shardsOf(10, length, length);
      const encoded = backends.map((backend) =>
        createCodec({ dataShards: 10, parityShards: 7, backend }).encode(data),
      );
      for (const other of encoded.slice(1)) expect(other).toEqual(encoded[0]);
    }
  });

  it.each(backends)('restores all 1,001 ways to lose 4 of 14 shards, with %s [stoq-06]', (backend) => {
    const codec = createCodec({ dataShards: 10, parityShards: 4, backend });
    const data = shardsOf(10, 40, 'patterns');
    const parity = codec.encode(data);
    const all = [...data, ...parity];
    let patterns = 0;
    for (const lost of choices(14, 4)) {
      const restored = codec.reconstruct(without(all, lost));
      expect(
        restored.ok && restored.shards.every((shard, at) => Buffer.compare(shard, all[at] ?? shard) === 0),
      ).toBe(true);
      patterns++;
    }
    expect(patterns).toBe(1001);
  });

  it('refuses all 2,002 ways to lose 5 of 14 shards, since 9 are too few [stoq-06]', () => {
    const codec = createCodec({ dataShards: 10, parityShards: 4 });
    const data = shardsOf(10, 8);
    const parity = codec.encode(data);
    const all = [...data, ...parity];
    let patterns = 0;
    for (const lost of choices(14, 5)) {
      expect(codec.reconstruct(without(all, lost))).toEqual({ ok: false, reason: 'too-few-shards' });
      patterns++;
    }
    expect(patterns).toBe(2002);
  });

  it('decodes what the slow reference decodes, from the same shards', () => {
    const codec = createCodec({ dataShards: 5, parityShards: 4 });
    const data = shardsOf(5, 9, 'slow');
    const parity = codec.encode(data);
    const all = [...data, ...parity];
    for (const lost of choices(9, 4)) {
      const present = new Map([...all.entries()].filter(([index]) => !lost.includes(index)));
      expect(slowData(present, 5)).toEqual(data);
      expect(codec.reconstruct(without(all, lost))).toEqual({ ok: true, shards: all });
    }
  });

  it('restores any loss that the counts allow, for any counts, lengths and back end', () => {
    const cases = fc
      .tuple(
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 1, max: 200 }),
      )
      .chain(([dataShards, parityShards, length]) =>
        fc.record({
          dataShards: fc.constant(dataShards),
          parityShards: fc.constant(parityShards),
          length: fc.constant(length),
          backend: fc.constantFrom(...backends),
          lost: fc.uniqueArray(fc.nat(dataShards + parityShards - 1), { maxLength: parityShards }),
        }),
      );
    fc.assert(
      fc.property(cases, ({ dataShards, parityShards, length, backend, lost }) => {
        const codec = createCodec({ dataShards, parityShards, backend });
        const data = shardsOf(dataShards, length, length);
        const parity = codec.encode(data);
        const all = [...data, ...parity];
        expect(codec.reconstruct(without(all, lost))).toEqual({ ok: true, shards: all });
      }),
      { numRuns: 60 },
    );
  });

  it('restores the widest code, 254 + 1 and 1 + 254 shards', () => {
    for (const [dataShards, parityShards] of [
      [254, 1],
      [1, 254],
      [128, 127],
    ] as const) {
      const codec = createCodec({ dataShards, parityShards });
      const data = shardsOf(dataShards, 48);
      const parity = codec.encode(data);
      const all = [...data, ...parity];
      const lost = Array.from({ length: parityShards }, (_, at) => at);
      expect(codec.reconstruct(without(all, lost))).toEqual({ ok: true, shards: all });
    }
  });

  it('restores the wanted shards alone and leaves the others absent', () => {
    const codec = createCodec({ dataShards: 4, parityShards: 3 });
    const data = shardsOf(4, 50);
    const parity = codec.encode(data);
    const all = [...data, ...parity];
    const restored = codec.reconstruct(without(all, [0, 2, 5]), { only: [2, 3] });
    expect(restored).toEqual({ ok: true, shards: without(all, [0, 5]) });
    const nothing = codec.reconstruct(without(all, [0, 1, 2, 3, 4]), { only: [5] });
    expect(nothing.ok && nothing.shards[5]).toBe(all[5]);
  });

  it('hands back the shards that were there as they are, not as copies', () => {
    const codec = createCodec({ dataShards: 2, parityShards: 1 });
    const data = shardsOf(2, 10);
    const restored = codec.reconstruct([data[0], data[1], undefined]);
    expect(restored.ok && restored.shards[0] === data[0]).toBe(true);
  });

  it('finds the parity shard that differs', () => {
    const codec = createCodec({ dataShards: 3, parityShards: 2 });
    const data = shardsOf(3, 70);
    const parity = codec.encode(data);
    expect(codec.verify([...data, ...parity])).toEqual({ ok: true });
    const [first, second] = parity as [Uint8Array, Uint8Array];
    second[69] = (second[69] as number) ^ 1;
    expect(codec.verify([...data, first, second])).toEqual({ ok: false, reason: 'parity-differs', index: 4 });
  });

  it('keeps a bounded number of inverses and stays right beyond it', () => {
    const codec = createCodec({ dataShards: 60, parityShards: 60 });
    const data = shardsOf(60, 5);
    const parity = codec.encode(data);
    const all = [...data, ...parity];
    for (let shift = 0; shift < 60; shift++) {
      const lost = Array.from({ length: 60 }, (_, at) => (at + shift) % 120);
      expect(codec.reconstruct(without(all, lost))).toEqual({ ok: true, shards: all });
    }
  });
});
