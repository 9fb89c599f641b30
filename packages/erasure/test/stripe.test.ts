import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCodec, encodeStream, encodeStripe, layoutStripes, restoreStripe } from '../src/index.ts';
import { choices, shardsOf } from './support.ts';

const codec = createCodec({ dataShards: 10, parityShards: 4 });
const pieceOf = (length: number) => shardsOf(1, length, length)[0] as Uint8Array;

describe('stripes of pieces', () => {
  it('takes each piece once, in stripes of like lengths', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 65_536 }), { maxLength: 100 }), (lengths) => {
        const stripes = layoutStripes(lengths, codec);
        const places = stripes.flatMap(({ pieces }) => [...pieces]);
        expect(places.toSorted((a, b) => a - b)).toEqual(lengths.map((_, at) => at));
        let last = Number.POSITIVE_INFINITY;
        for (const { pieces, length, parity } of stripes) {
          expect(length).toBeLessThanOrEqual(last);
          expect(length).toBe(Math.max(...pieces.map((at) => lengths[at] as number)));
          expect(parity).toBeGreaterThanOrEqual(2);
          last = Math.min(...pieces.map((at) => lengths[at] as number));
        }
        for (const { pieces, parity } of stripes.slice(0, -1))
          expect([pieces.length, parity]).toEqual([10, 4]);
      }),
    );
  });

  it('costs little more than 4 tenths for pieces of scattered lengths', () => {
    const lengths = Array.from({ length: 1_000 }, (_, at) => 4_096 + ((at * 7_919) % 61_440));
    const parity = layoutStripes(lengths, codec).reduce(
      (sum, { parity, length }) => sum + parity * length,
      0,
    );
    const content = lengths.reduce((sum, length) => sum + length, 0);
    expect(parity / content).toBeLessThan(0.41);
  });

  it('restores any four of the fourteen, with pieces of unequal lengths', () => {
    const lengths = [60, 59, 33, 32, 31, 20, 9, 5, 2, 1];
    const pieces = lengths.map(pieceOf);
    const encoded = encodeStripe(codec, pieces);
    if (!encoded.ok) throw new Error(encoded.reason);
    for (const lost of choices(14, 4)) {
      const restored = restoreStripe(codec, {
        lengths,
        pieces: pieces.map((piece, at) => (lost.includes(at) ? undefined : piece)),
        parity: encoded.parity.map((shard, at) => (lost.includes(10 + at) ? undefined : shard)),
      });
      expect(restored).toEqual({ ok: true, pieces, parity: encoded.parity });
    }
  });

  it('restores a stripe that is not full, from as many good ones as it has pieces', () => {
    const lengths = [100, 40, 7];
    const pieces = lengths.map(pieceOf);
    const encoded = encodeStripe(codec, pieces, 2);
    if (!encoded.ok) throw new Error(encoded.reason);
    expect(encoded.parity).toHaveLength(2);
    for (const lost of choices(5, 2)) {
      const restored = restoreStripe(codec, {
        lengths,
        pieces: pieces.map((piece, at) => (lost.includes(at) ? undefined : piece)),
        parity: encoded.parity.map((shard, at) => (lost.includes(3 + at) ? undefined : shard)),
      });
      expect(restored).toEqual({ ok: true, pieces, parity: encoded.parity });
    }
    const three = restoreStripe(codec, {
      lengths,
      pieces: [undefined, undefined, pieces[2]],
      parity: [undefined, encoded.parity[1]],
    });
    expect(three).toEqual({ ok: false, reason: 'too-few-shards' });
  });

  it.each<[string, Parameters<typeof restoreStripe>[1], object]>([
    ['no piece', { lengths: [], pieces: [], parity: [] }, { reason: 'wrong-count' }],
    [
      'eleven pieces',
      { lengths: new Array(11).fill(1), pieces: new Array(11).fill(pieceOf(1)), parity: [] },
      { reason: 'wrong-count' },
    ],
    [
      'five parity shards',
      { lengths: [1], pieces: [pieceOf(1)], parity: new Array(5) },
      { reason: 'wrong-count' },
    ],
    [
      'lengths of other pieces',
      { lengths: [1, 2], pieces: [pieceOf(1)], parity: [] },
      { reason: 'wrong-count' },
    ],
    [
      'a piece of another length',
      { lengths: [2], pieces: [pieceOf(1)], parity: [] },
      { reason: 'unequal-lengths', index: 0 },
    ],
    [
      'a length of 0',
      { lengths: [0], pieces: [undefined], parity: [pieceOf(1)] },
      { reason: 'empty-shard', index: 0 },
    ],
    [
      'parity of another length',
      { lengths: [2], pieces: [undefined], parity: [pieceOf(1)] },
      { reason: 'unequal-lengths', index: 10 },
    ],
    [
      'text',
      { lengths: [1], pieces: ['a' as unknown as Uint8Array], parity: [] },
      { reason: 'not-bytes', index: 0 },
    ],
  ])('are refused without a throw: %s', (_, stripe, fault) => {
    expect(restoreStripe(codec, stripe)).toEqual({ ok: false, ...fault });
  });

  it('are misused with lengths below 1', () => {
    expect(() => layoutStripes([4, 0], codec)).toThrow(
      expect.objectContaining({ code: 'erasure/bad-argument' }),
    );
  });
});

describe('stripes of a stream', () => {
  it('hold the stream in order, whatever parts it comes in', async () => {
    const small = createCodec({ dataShards: 3, parityShards: 2 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 90 }), { maxLength: 8 }), async (parts) => {
        const content = Buffer.concat(parts);
        const found: Uint8Array[] = [];
        for await (const { data, parity, bytes } of encodeStream(small, parts, { shardBytes: 16 })) {
          expect(small.verify([...data, ...parity])).toEqual({ ok: true });
          found.push(Buffer.concat(data).subarray(0, bytes));
        }
        expect(Buffer.concat(found)).toEqual(content);
      }),
    );
  });

  it('end when their signal does', async () => {
    const stripes = encodeStream(codec, [pieceOf(10)], { shardBytes: 4, signal: AbortSignal.abort() });
    await expect(stripes.next()).rejects.toThrow('aborted');
  });
});
