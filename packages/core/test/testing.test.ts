import { createManualClock, createSeededRandom } from '@hypermesh/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('the manual clock', () => {
  test('tasks run at their own times, in order, those of equal time as they were scheduled', () => {
    const clock = createManualClock(1000);
    const seen: string[] = [];
    const note = (name: string) => (): void => {
      seen.push(`${name}@${clock.nowMs()}`);
    };
    clock.schedule(20, note('c'));
    clock.schedule(10, note('a'));
    clock.schedule(10, note('b'));
    clock.schedule(5, () => clock.schedule(5, note('late')));
    expect([clock.pending, clock.nextAtMs]).toEqual([4, 1005]);
    clock.advance(15);
    expect(seen).toEqual(['a@1010', 'b@1010', 'late@1010']);
    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([1015, 15]);
    clock.advanceTo(1020);
    expect(seen.at(-1)).toBe('c@1020');
    expect([clock.pending, clock.nextAtMs]).toEqual([0, undefined]);
  });

  test('a cancelled task never runs, and cancelling is idempotent', () => {
    const clock = createManualClock();
    let runs = 0;
    const cancel = clock.schedule(1, () => {
      runs += 1;
    });
    cancel();
    cancel();
    clock.advance(5);
    expect(runs).toBe(0);
  });

  test('the wall clock may jump while monotonic time and tasks stay', () => {
    const clock = createManualClock(100);
    let ran = false;
    clock.schedule(10, () => {
      ran = true;
    });
    clock.jumpTo(5000);
    expect([clock.nowMs(), clock.monotonicMs(), ran]).toEqual([5000, 0, false]);
    clock.advance(10);
    expect([clock.nowMs(), clock.monotonicMs(), ran]).toEqual([5010, 10, true]);
  });

  test('a clock never goes back', () => {
    const clock = createManualClock(100);
    for (const move of [
      () => clock.advance(-1),
      () => clock.advanceTo(99),
      () => clock.advance(Number.NaN),
    ]) {
      expect(move).toThrow(expect.objectContaining({ code: 'core/out-of-range' }));
    }
  });

  test('a task that moves the clock on neither loses nor repeats others', () => {
    const clock = createManualClock();
    const seen: number[] = [];
    clock.schedule(1, () => clock.advance(10));
    clock.schedule(2, () => seen.push(clock.nowMs()));
    clock.advance(3);
    expect(seen).toEqual([2]);
    expect(clock.nowMs()).toBe(11);
  });
});

describe('the seeded random source', () => {
  test('a seed always gives the same values, and another seed others', () => {
    const take = (seed: number | bigint | string) => [...createSeededRandom(seed).bytes(8)];
    expect(take(1)).toEqual([40, 164, 199, 46, 138, 132, 214, 205]);
    expect(take(1)).toEqual(take('1'));
    expect(take(1)).not.toEqual(take(2));
  });

  test('forks depend on seed and name alone', () => {
    const parent = createSeededRandom(5);
    const before = parent.fork('a').uint32();
    parent.bytes(100);
    expect(parent.fork('a').uint32()).toBe(before);
    expect(parent.fork('b').uint32()).not.toBe(before);
  });

  test('integers stay below their bound and reach every value', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 50 }), (seed, n) => {
        const random = createSeededRandom(seed);
        const seen = new Set(Array.from({ length: n * 20 }, () => random.below(n)));
        expect(Math.max(...seen)).toBeLessThan(n);
        expect(seen.size).toBeGreaterThan(n * 0.9);
        expect(random.unit()).toBeLessThan(1);
      }),
    );
    expect(() => createSeededRandom(1).below(0)).toThrow(
      expect.objectContaining({ code: 'core/out-of-range' }),
    );
    expect(createSeededRandom(1).below(2 ** 32)).toBeGreaterThanOrEqual(0);
  });

  test('bytes are spread evenly', () => {
    const counts = new Uint32Array(256);
    for (const byte of createSeededRandom('spread').bytes(256_000))
      counts[byte] = (counts[byte] as number) + 1;
    const chiSquare = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeGreaterThan(160);
    expect(chiSquare).toBeLessThan(350);
  });
});
