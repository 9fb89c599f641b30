import { createManualClock } from '@hypermesh/core/testing';
import { describe, expect, it } from 'vitest';
import { createEvents, type HeardEvent } from '../src/events/hub.ts';

const made = (keep?: number, startMs = 1_000_000) =>
  createEvents({ clock: createManualClock(startMs), ...(keep === undefined ? {} : { keep }) });
const forever = new AbortController().signal;

async function take(heard: AsyncIterator<HeardEvent>, count: number): Promise<HeardEvent[]> {
  const events: HeardEvent[] = [];
  while (events.length < count) {
    const { done, value } = await heard.next();
    if (done === true) break;
    events.push(value);
  }
  return events;
}
const at = (n: number) => ({ n }) as never;
const numbers = (events: readonly HeardEvent[]) =>
  events.map(({ topic, data }) => (topic === 'dropped' ? data : (data as { n: number }).n));

describe('the hub of events', () => {
  it('gives each listener its topics in order, from when it began to listen', async () => {
    const events = made();
    events.publish('blocks', at(0));
    const [blocks, both] = [
      events.subscribe(['blocks'], { signal: forever }),
      events.subscribe(['blocks', 'runs'], { signal: forever }),
    ];
    events.publish('blocks', at(1));
    events.publish('runs', at(2));
    events.publish('logs', at(3));
    events.publish('blocks', at(4));
    expect(numbers(await take(blocks, 2))).toEqual([1, 4]);
    const heard = await take(both, 3);
    expect(numbers(heard)).toEqual([1, 2, 4]);
    expect(heard[0]).toMatchObject({ topic: 'blocks', atMs: 1_000_000 });
    expect(new Set(heard.map(({ id }) => id)).size).toBe(3);
  });

  it('wakes one who waits, and ends with the signal or when the reader stops', async () => {
    const events = made();
    const ending = new AbortController();
    const heard = events.subscribe(['blocks'], { signal: ending.signal });
    const waiting = heard.next();
    events.publish('blocks', at(1));
    expect(await waiting).toMatchObject({ done: false });
    const last = heard.next();
    expect(events.isHeard('blocks')).toBe(true);
    expect(events.isHeard('runs')).toBe(false);
    ending.abort();
    expect(await last).toEqual({ done: true, value: undefined });
    expect(events.isHeard('blocks')).toBe(false);
    for await (const _ of events.subscribe(['blocks'], { signal: AbortSignal.abort() }))
      throw new Error('heard');
    const left = events.subscribe(['blocks'], { signal: forever });
    events.publish('blocks', at(2));
    for await (const _ of left) break;
    expect(events.isHeard('blocks')).toBe(false);
  });

  it('goes on after the event that one who comes back names', async () => {
    const events = made();
    const first = events.subscribe(['blocks'], { signal: forever });
    for (let n = 1; n <= 3; n++) events.publish('blocks', at(n));
    events.publish('runs', at(4));
    const [one] = await take(first, 1);
    const back = events.subscribe(['blocks', 'runs'], { afterId: one?.id, signal: forever });
    events.publish('blocks', at(5));
    expect(numbers(await take(back, 4))).toEqual([2, 3, 4, 5]);
  });

  it('says so where what was missed is not kept any more, and where the node began anew', async () => {
    const events = made(4);
    const first = events.subscribe(['blocks'], { signal: forever });
    for (let n = 1; n <= 20; n++) events.publish('blocks', at(n));
    const [one] = await take(first, 1);
    const back = await take(events.subscribe(['blocks'], { afterId: one?.id, signal: forever }), 2);
    expect(back[0]).toMatchObject({ topic: 'dropped', data: { reason: 'gone' } });
    const kept = numbers(
      await take(events.subscribe(['blocks'], { afterId: back[0]?.id, signal: forever }), 4),
    );
    expect(kept.at(-1)).toBe(20);
    const next = made(4, 2_000_000);
    for (const afterId of [one?.id, 'nonsense', '.', `${one?.id}9999999`, '']) {
      const [told] = await take(next.subscribe(['blocks'], { afterId, signal: forever }), 1);
      expect(told).toMatchObject({ topic: 'dropped', data: { reason: 'restart' } });
    }
  });

  it('takes from a slow listener the oldest, tells it how many, and goes on; others miss nothing', async () => {
    const events = made();
    const slow = events.subscribe(['logs'], { signal: forever });
    const quick = events.subscribe(['logs'], { signal: forever });
    const heard: number[] = [];
    for (let n = 1; n <= 2_000; n++) {
      events.publish('logs', at(n));
      heard.push(...(numbers(await take(quick, 1)) as number[]));
    }
    expect(heard).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1));
    const [told, ...rest] = await take(slow, 513);
    expect(told).toMatchObject({ topic: 'dropped', data: { reason: 'slow', missed: 1_488 } });
    expect(numbers(rest)).toEqual(Array.from({ length: 512 }, (_, index) => index + 1_489));
    // Whoever comes back after that very word misses nothing either.
    const back = events.subscribe(['logs'], { afterId: told?.id, signal: forever });
    expect(numbers(await take(back, 1))).toEqual([1_489]);
  });
});
