import { describe, expect, it } from 'vitest';
import { slopePerMinute } from './mesh-load/slope.ts';

describe('the slope of memory', () => {
  it('is that of the line, whatever stands where, and 0 where there is none', () => {
    const line = (perMinute: number) =>
      Array.from({ length: 50 }, (_, index) => ({
        atMs: 7 + index * 5_000,
        bytes: 1e8 + (index * perMinute) / 12,
      }));
    for (const perMinute of [0, 1_000, -250_000, 2 ** 20])
      expect(slopePerMinute(line(perMinute))).toBeCloseTo(perMinute, 3);
    expect(slopePerMinute([])).toBe(0);
    expect(slopePerMinute([{ atMs: 1, bytes: 5 }])).toBe(0);
  });

  it('of what leaks is found under what comes and goes', () => {
    const saw = Array.from({ length: 360 }, (_, index) => ({
      atMs: index * 5_000,
      bytes: 3e8 + (index % 7) * 2 ** 20 + (index * 5_000 * 2 ** 20) / 60_000,
    }));
    expect(slopePerMinute(saw) / 2 ** 20).toBeCloseTo(1, 1);
  });
});
