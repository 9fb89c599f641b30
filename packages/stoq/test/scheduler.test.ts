import { createSeededRandom } from '@hypermesh/core/testing';
import { describe, expect, it } from 'vitest';
import { ChunkScheduler } from '../src/content/swarm/scheduler.ts';

const KIB = 1024;
const wantedOf = (count: number, size = 16 * KIB) =>
  Array.from({ length: count }, (_, index) => ({ index, size }));

interface Simulated {
  readonly id: string;
  /** Bytes a millisecond; at `changesAtMs` it becomes `after`. */
  readonly rate: number;
  readonly changesAtMs?: number;
  readonly after?: number;
  readonly joinsAtMs?: number;
  readonly leavesAtMs?: number;
  readonly delayMs?: number;
  readonly lacks?: ReadonlySet<number>;
}

/** Runs a fetch in virtual time, a millisecond at a time: when it was done, and what each provider sent. */
function simulate(chunks: number, providers: readonly Simulated[], size = 16 * KIB) {
  const scheduler = new ChunkScheduler(wantedOf(chunks, size));
  const states = providers.map((provider) => ({
    provider,
    queue: [] as { index: number; atMs: number }[],
    credit: 0,
    isIn: false,
  }));
  const sent = new Map<string, number>();
  const arrived: number[] = [];
  let superfluous = 0;
  for (let nowMs = 0; nowMs < 600_000; nowMs += 1) {
    for (const state of states) {
      const { provider, queue } = state;
      if (!state.isIn && nowMs >= (provider.joinsAtMs ?? 0) && nowMs < (provider.leavesAtMs ?? Infinity)) {
        state.isIn = true;
        scheduler.join(provider.id);
      }
      if (state.isIn && nowMs >= (provider.leavesAtMs ?? Infinity)) {
        state.isIn = false;
        queue.length = 0;
        scheduler.leave(provider.id);
      }
      if (!state.isIn) continue;
      for (const index of scheduler.next(provider.id, nowMs)) {
        queue.push({ index, atMs: nowMs + (provider.delayMs ?? 1) });
      }
      const rate = nowMs >= (provider.changesAtMs ?? Infinity) ? (provider.after ?? 0) : provider.rate;
      const isReady = queue[0] !== undefined && queue[0].atMs <= nowMs;
      state.credit = isReady ? state.credit + rate : 0;
      while (queue[0] !== undefined && queue[0].atMs <= nowMs && state.credit >= size) {
        const { index } = queue.shift() as { index: number };
        if (provider.lacks?.has(index)) {
          queue.length = 0;
          scheduler.lacks(provider.id, index);
          break;
        }
        state.credit -= size;
        sent.set(provider.id, (sent.get(provider.id) ?? 0) + 1);
        if (scheduler.arrived(provider.id, index, nowMs)) arrived.push(index);
        else superfluous += 1;
      }
    }
    if (scheduler.isDone) {
      const owed = states.reduce((sum, { queue, isIn }) => sum + (isIn ? queue.length : 0), 0);
      return { doneMs: nowMs, sent, arrived, superfluous: superfluous + owed };
    }
  }
  throw new Error('never done');
}

describe('the scheduler in virtual time', () => {
  it('brings each chunk once from one provider, in order', () => {
    const { arrived, superfluous, doneMs } = simulate(1_000, [{ id: 'a', rate: 100 * KIB }]);
    expect(arrived).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
    expect(superfluous).toBe(0);
    expect(doneMs).toBeLessThan((1.1 * (1_000 * 16)) / 100 + 20);
  });

  it.each([
    ['equal ones', [100, 100], 200],
    ['four', [50, 50, 50, 50], 200],
    ['a fast and a slow one', [190, 10], 200],
    ['a very slow third', [100, 98, 2], 200],
  ])('adds up the rates of %s', (_, rates, total) => {
    const { doneMs, superfluous, arrived } = simulate(
      4_000,
      rates.map((rate, index) => ({ id: `${index}`, rate: rate * KIB })),
    );
    expect(new Set(arrived).size).toBe(4_000);
    expect(doneMs).toBeLessThan(1.15 * ((4_000 * 16) / total) + 60);
    expect(superfluous).toBeLessThan(120);
  });

  it('is hardly slower with a crawling provider than without, wherever the crawler stands', () => {
    for (const rates of [
      [100, 0.5],
      [0.5, 100],
    ]) {
      const { doneMs } = simulate(
        1_000,
        rates.map((rate, index) => ({ id: `${index}`, rate: rate * KIB })),
      );
      expect(doneMs).toBeLessThan(1.05 * 160 + 200);
    }
  });

  it('takes over from a provider that falls silent, and from one that leaves', () => {
    const silent = { id: 'silent', rate: 100 * KIB, changesAtMs: 200, after: 0 };
    const { doneMs: first } = simulate(4_000, [silent, { id: 'b', rate: 100 * KIB }]);
    expect(first).toBeLessThan(2_000);
    const leaving = { id: 'leaving', rate: 100 * KIB, leavesAtMs: 200 };
    const { doneMs: second, superfluous } = simulate(4_000, [leaving, { id: 'b', rate: 100 * KIB }]);
    expect(second).toBeLessThan(1_000);
    expect(superfluous).toBe(0);
  });

  it('asks for chunks that few have first, and only of those who have them', () => {
    const lacks = new Set(Array.from({ length: 40 }, (_, index) => index * 7));
    const { arrived, sent } = simulate(500, [
      { id: 'partial', rate: 100 * KIB, lacks },
      { id: 'other', rate: 100 * KIB, lacks: new Set([3]) },
    ]);
    expect(new Set(arrived).size).toBe(500);
    expect(sent.get('other')).toBeGreaterThanOrEqual(40);
  });

  it('gives the same for the same calls, and is done for any providers as long as one has all', () => {
    const random = createSeededRandom(5);
    const number = (most: number) => new DataView(random.bytes(4).buffer).getUint32(0) % most;
    for (let run = 0; run < 60; run += 1) {
      const providers: Simulated[] = Array.from({ length: 1 + number(6) }, (_, index) => ({
        id: `${index}`,
        rate: (1 + number(200)) * KIB,
        delayMs: number(80),
        joinsAtMs: number(500),
        ...(number(3) === 0 ? { leavesAtMs: 100 + number(1_000) } : {}),
        ...(number(4) === 0 ? { changesAtMs: number(800), after: number(3) * KIB } : {}),
        lacks: new Set(Array.from({ length: number(10) }, () => number(300))),
      }));
      providers.push({ id: 'whole', rate: 20 * KIB });
      const chunks = 1 + number(300);
      const [first, second] = [simulate(chunks, providers), simulate(chunks, providers)];
      expect(new Set(first.arrived).size).toBe(chunks);
      expect(first.arrived.length).toBe(chunks);
      expect(second).toEqual(first);
    }
  });

  it('keeps within the window of what a provider was measured at', () => {
    const scheduler = new ChunkScheduler(wantedOf(10_000), { mostBytes: 1024 * KIB });
    scheduler.join('a');
    const asked = scheduler.next('a', 0);
    expect(asked).toHaveLength(32);
    expect(scheduler.next('a', 0)).toEqual([]);
    for (const index of asked) scheduler.arrived('a', index, 100 + index * 10);
    const slower = scheduler.next('a', 420);
    expect(slower.length).toBeGreaterThanOrEqual(4);
    expect(slower.length).toBeLessThan(32);
    for (const [place, index] of slower.entries()) scheduler.arrived('a', index, 430 + place);
    let most = 0;
    for (let nowMs = 500; nowMs < 3_000; nowMs += 60) {
      const next = scheduler.next('a', nowMs);
      most = Math.max(most, next.length);
      for (const index of next) scheduler.arrived('a', index, nowMs + 10);
    }
    expect(most).toBeLessThanOrEqual(64);
    expect(most).toBeGreaterThan(8);
  });

  it('answers nothing for strangers', () => {
    const scheduler = new ChunkScheduler(wantedOf(3));
    expect(scheduler.next('nobody', 0)).toEqual([]);
    expect(scheduler.canHelp('nobody')).toBe(false);
    scheduler.leave('nobody');
    scheduler.lacks('nobody', 1);
    expect(scheduler.isDone).toBe(false);
    expect(new ChunkScheduler([]).isDone).toBe(true);
  });
});
