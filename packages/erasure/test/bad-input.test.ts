import { describe, expect, it } from 'vitest';
import { createCodec, type ErasureError } from '../src/index.ts';
import { scalarBackend } from '../src/kernel/scalar.ts';
import { cauchyRows } from '../src/matrix.ts';
import { RecoveryCache } from '../src/recovery.ts';
import { choices } from './support.ts';

const codec = createCodec({ dataShards: 3, parityShards: 2 });
const shard = (length = 8) => new Uint8Array(length).fill(7);
const five = () => [shard(), shard(), shard(), shard(), shard()];
type Any = Parameters<typeof codec.reconstruct>[0];

describe('wrong input', () => {
  it.each([
    ['counts of 0', { dataShards: 0, parityShards: 1 }],
    ['a fraction', { dataShards: 1.5, parityShards: 1 }],
    ['negative parity', { dataShards: 1, parityShards: -1 }],
    ['more than 255', { dataShards: 200, parityShards: 56 }],
    ['text', { dataShards: '3' as unknown as number, parityShards: 1 }],
    ['NaN', { dataShards: Number.NaN, parityShards: 1 }],
  ])('is misuse where the options are %s', (_, options) => {
    expect(() => createCodec(options)).toThrow(expect.objectContaining({ code: 'erasure/bad-argument' }));
  });

  it('names a back end that there is not', () => {
    const make = () => createCodec({ dataShards: 1, parityShards: 1, backend: 'avx' as 'simd' });
    expect(make).toThrow(expect.objectContaining({ code: 'erasure/no-backend' }) as ErasureError);
  });

  it.each<[string, unknown, object]>([
    ['no array', 'shards', { reason: 'wrong-count' }],
    ['undefined', undefined, { reason: 'wrong-count' }],
    ['too few places', [shard(), shard()], { reason: 'wrong-count' }],
    ['too many places', [...five(), shard()], { reason: 'wrong-count' }],
    ['text as a shard', [shard(), 'x', shard(), undefined, undefined], { reason: 'not-bytes', index: 1 }],
    ['null as a shard', [shard(), shard(), shard(), null, undefined], { reason: 'not-bytes', index: 3 }],
    ['an array of numbers', [[1], shard(), shard(), undefined, undefined], { reason: 'not-bytes', index: 0 }],
    ['an empty shard', [shard(), shard(0), shard(), undefined, shard()], { reason: 'empty-shard', index: 1 }],
    [
      'a shorter shard',
      [shard(), shard(), shard(7), undefined, shard()],
      { reason: 'unequal-lengths', index: 2 },
    ],
    ['two shards', [shard(), undefined, undefined, undefined, shard()], { reason: 'too-few-shards' }],
    ['no shard', [undefined, undefined, undefined, undefined, undefined], { reason: 'too-few-shards' }],
  ])('is refused by reconstruct without a throw: %s', (_, shards, fault) => {
    expect(codec.reconstruct(shards as Any)).toEqual({ ok: false, ...fault });
  });

  it.each<[string, unknown, object]>([
    ['no array', {}, { reason: 'wrong-count' }],
    ['a hole', [shard(), undefined, shard()], { reason: 'not-bytes', index: 1 }],
    ['an empty shard', [shard(), shard(0), shard()], { reason: 'empty-shard', index: 1 }],
    ['unequal lengths', [shard(), shard(), shard(9)], { reason: 'unequal-lengths', index: 2 }],
  ])('is misuse where it is to be encoded: %s', (_, data, fault) => {
    expect(() => codec.encode(data as Uint8Array[])).toThrow(
      expect.objectContaining({ code: 'erasure/bad-shards', failure: expect.objectContaining(fault) }),
    );
  });

  it('is misuse of encodeInto, and nothing is written: parity of another length, or over the data', () => {
    const data = [shard(), shard(), shard()];
    const short = [shard(), shard(4)];
    const twice = shard();
    const refused: readonly (readonly [Uint8Array[], object])[] = [
      [short, { reason: 'unequal-lengths', index: 1 }],
      [[shard()], { reason: 'wrong-count' }],
      [[shard(), data[2] as Uint8Array], { reason: 'overlapping', index: 1 }],
      [[twice, twice], { reason: 'overlapping', index: 1 }],
    ];
    for (const [parity, fault] of refused) {
      const failure = expect.objectContaining({ code: 'erasure/bad-shards', argument: 'parity', ...fault });
      expect(() => codec.encodeInto(data, parity)).toThrow(expect.objectContaining({ failure }));
    }
    expect([...data, ...short, twice].every((bytes) => bytes.every((byte) => byte === 7))).toBe(true);
  });

  it('is refused where a wanted index is no shard', () => {
    const shards = [undefined, ...five().slice(1)];
    expect(codec.reconstruct(shards, { only: [0, 5] })).toEqual({ ok: false, reason: 'bad-index', index: 1 });
  });

  it('encodes into neighbouring parts of one buffer', () => {
    const buffer = new Uint8Array(40).map((_, at) => at * 7);
    const parts = [0, 8, 16, 24, 32].map((at) => buffer.subarray(at, at + 8));
    codec.encodeInto(parts.slice(0, 3), parts.slice(3));
    expect(codec.verify(parts)).toEqual({ ok: true });
  });
});

describe('the cache of inverses', () => {
  it('keeps at most 1,024 patterns, and fewer of wide codes', () => {
    const narrow = new RecoveryCache(cauchyRows(10, 6), 10, scalarBackend);
    let seen = 0;
    for (const wanted of choices(16, 6)) {
      if (seen++ === 1_500) break;
      narrow.of(
        Array.from({ length: 16 }, (_, at) => at).filter((at) => !wanted.includes(at)),
        [wanted[0] as number],
      );
    }
    expect(narrow.size).toBe(1_024);
  });
});
