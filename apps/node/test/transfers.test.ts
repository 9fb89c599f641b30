import type { ContentRoot } from '@hypermesh/core';
import { createManualClock } from '@hypermesh/core/testing';
import type { FetchProgress, Served } from '@hypermesh/stoq/content';
import { describe, expect, it } from 'vitest';
import { createTransfers, type TransferFacts } from '../src/content/transfers.ts';

const root = 'bafyroot' as ContentRoot;

function open() {
  const clock = createManualClock(1_000_000);
  const heard: TransferFacts[] = [];
  return { clock, heard, transfers: createTransfers({ clock, onChange: (facts) => heard.push(facts) }) };
}

const progress = (bytesMoved: number, change: Partial<FetchProgress> = {}): FetchProgress => ({
  ...{ bytes: 10_000, bytesHere: bytesMoved, bytesMoved, peers: 2, rejectedChunks: 0 },
  bytesBy: new Map([['birch', bytesMoved]]),
  ...change,
});
const served = (bytes: number, part: Served['part'] = 'chunk'): Served =>
  ({ peer: { id: 'cedar' }, root, part, bytes }) as Served;

describe('transfers', () => {
  it('are active with bytes, peers and rates, then among the last ones', () => {
    const { clock, transfers } = open();
    const one = transfers.begin(root);
    one.progress(progress(0));
    clock.advance(1_000);
    one.progress(progress(4_000, { rejectedChunks: 1 }));
    expect(transfers.active()).toMatchObject([
      { root, state: 'active', bytes: 10_000, bytesMoved: 4_000, rateBps: 4_000, asked: 2, chunksRefused: 1 },
    ]);
    expect(transfers.active()[0]?.peers).toEqual([{ node: 'birch', bytes: 4_000 }]);
    clock.advance(1_000);
    one.ended({ bytesMoved: 10_000, rejectedChunks: 1, peers: [{ id: 'birch', bytes: 10_000 }] });
    one.failed('late', false);
    expect(transfers.active()).toEqual([]);
    expect(transfers.recent()).toMatchObject([
      { state: 'done', bytesHere: 10_000, rateBps: 5_000, endedMs: 1_002_000 },
    ]);
  });

  it('tell a rate over the last ten seconds, which falls to nothing', () => {
    const { clock, transfers } = open();
    const one = transfers.begin(root);
    for (let second = 1; second <= 30; second += 1) {
      clock.advance(1_000);
      one.progress(progress(second * 1_000));
    }
    expect(transfers.active()[0]?.rateBps).toBeGreaterThanOrEqual(900);
    expect(transfers.active()[0]?.rateBps).toBeLessThanOrEqual(1_000);
    clock.advance(5_000);
    expect(transfers.active()[0]?.rateBps).toBeLessThanOrEqual(500);
    clock.advance(60_000);
    expect(transfers.active()[0]?.rateBps).toBe(0);
  });

  it('that fail say why, and a cancelled one that it was', () => {
    const { transfers } = open();
    transfers.begin(root).failed('no-provider', false);
    transfers.begin(root).failed('aborted', true);
    expect(transfers.recent().map(({ state, reason }) => [state, reason])).toEqual([
      ['cancelled', 'aborted'],
      ['failed', 'no-provider'],
    ]);
  });

  it('of what is here already are none, and only the last hundred are kept', () => {
    const { transfers, heard } = open();
    transfers.begin(root).ended({ bytesMoved: 0, rejectedChunks: 0, peers: [] });
    expect(transfers.recent()).toEqual([]);
    expect(heard).toEqual([]);
    for (let at = 0; at < 120; at += 1) transfers.begin(root).failed(`${at}`, false);
    expect(transfers.recent()).toHaveLength(100);
    expect(transfers.recent()[0]?.reason).toBe('119');
  });

  it('are told a few times a second, however many chunks come', () => {
    const { clock, heard, transfers } = open();
    const one = transfers.begin(root);
    for (let at = 1; at <= 1_000; at += 1) {
      clock.advance(1);
      one.progress(progress(at));
    }
    expect(heard.length).toBeLessThanOrEqual(5);
  });

  it('out of this node are summed for each member', () => {
    const { transfers } = open();
    transfers.served(served(500, 'manifest'));
    transfers.served(served(16_000));
    transfers.served(served(16_000));
    expect(transfers.uploads()).toMatchObject([{ node: 'cedar', bytes: 32_500, chunks: 2, fetches: 1 }]);
  });
});
