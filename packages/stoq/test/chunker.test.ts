import { createSeededRandom } from '@hypermesh/core/testing';
import { type ContentProfile, createChunker, PROFILES } from '@hypermesh/stoq/content';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const cut = (profile: ContentProfile, pieces: Iterable<Uint8Array>): Uint8Array[] => {
  const chunker = createChunker(profile);
  const chunks: Uint8Array[] = [];
  for (const piece of pieces) chunks.push(...chunker.push(piece));
  return [...chunks, ...chunker.end()];
};
const sizes = (chunks: readonly Uint8Array[]): number[] => chunks.map(({ length }) => length);

describe.each(['package', 'stream'] as const)('the chunker in the %s profile', (profile) => {
  const { min, normal, max } = PROFILES[profile];
  const content = createSeededRandom(profile).bytes(24 * normal);

  it('keeps every byte, within the bounds, and near the normal size', () => {
    const chunks = cut(profile, [content]);
    expect(Buffer.concat(chunks).equals(Buffer.from(content))).toBe(true);
    for (const size of sizes(chunks).slice(0, -1)) {
      expect(size).toBeGreaterThanOrEqual(min);
      expect(size).toBeLessThanOrEqual(max);
    }
    expect(content.length / chunks.length).toBeGreaterThan(normal / 2);
    expect(content.length / chunks.length).toBeLessThan(normal * 2);
  });

  it('cuts alike however the bytes are handed in', () => {
    const expected = sizes(cut(profile, [content]));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 * max }), { maxLength: 12 }), (lengths) => {
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const length of lengths) {
          pieces.push(content.subarray(at, at + length));
          at += length;
        }
        pieces.push(content.subarray(at));
        expect(sizes(cut(profile, pieces))).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  it('finds its old cuts again behind an insertion', () => {
    const middle = 8 * normal + 123;
    const edited = Buffer.concat([
      content.subarray(0, middle),
      Buffer.from('inserted'),
      content.subarray(middle),
    ]);
    const known = new Set(cut(profile, [content]).map((chunk) => Buffer.from(chunk).toString('latin1')));
    const fresh = cut(profile, [edited]).filter((chunk) => !known.has(Buffer.from(chunk).toString('latin1')));
    expect(fresh.length).toBeLessThanOrEqual(4);
  });

  it('cuts bytes without any feature at the largest size', () => {
    expect(sizes(cut(profile, [new Uint8Array(2 * max + 5)]))).toEqual([max, max, 5]);
  });

  it('makes nothing of nothing', () => {
    expect(cut(profile, [])).toEqual([]);
    expect(cut(profile, [new Uint8Array()])).toEqual([]);
  });
});
