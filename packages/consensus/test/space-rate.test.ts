import { createMemberPlots, type PlotSet, profileOf } from '@hypermesh/consensus';
import { type ChainId, domainHash, sha256, toHex, utf8 } from '@hypermesh/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { plotIdOf, subChallenge } from '../src/space/commitment.ts';

const COUNT = 4;
const ANCHORS = 320;
const space = [{ id: 0, k: 18, count: COUNT }];
const chain = sha256(utf8('ledger of the rates'));
const owner = sha256(utf8('owner of the rates'));
const { challenges, minimumAnswers } = profileOf('localhost');

/** Chance of a proof to a challenge: the number of proofs is Poisson with a mean near 0.97. */
const ANSWERED = 1 - Math.exp(-0.97);

function choose(n: number, k: number): number {
  let ways = 1;
  for (let i = 0; i < k; i++) ways = (ways * (n - i)) / (i + 1);
  return ways;
}

/** Chance of enough answers for who keeps this part of the plots. */
function binomial(part: number): number {
  const hit = part * ANSWERED;
  let chance = 0;
  for (let k = minimumAnswers; k <= challenges; k++) {
    chance += choose(challenges, k) * hit ** k * (1 - hit) ** (challenges - k);
  }
  return chance;
}

/** For every anchor, the plots (by index) on which an answered sub-challenge fell. */
const answered: number[][] = [];

beforeAll(async () => {
  const plots: PlotSet = await createMemberPlots({ chainId: toHex(chain) as ChainId, owner, space });
  const indexes = new Map(
    Array.from({ length: COUNT }, (_, index) => [toHex(plotIdOf({ chain, owner, group: 0, index })), index]),
  );
  for (let height = 1; height <= ANCHORS; height++) {
    const hash = domainHash('hypermesh/consensus/test-rate/v1', Uint8Array.of(height & 255, height >> 8));
    const seed = { chain, actor: owner, sequence: 1, anchor: { height, hash } };
    const hits: number[] = [];
    for (let j = 0; j < challenges; j++) {
      const asked = subChallenge(seed, space, j);
      const proofs = await plots.proofs(asked, asked.challenge);
      if (proofs.length > 0) hits.push(indexes.get(toHex(asked.plotId)) as number);
    }
    answered.push(hits);
  }
}, 120_000);

const passes = (kept: number): boolean[] =>
  answered.map((hits) => hits.filter((index) => index < kept).length >= minimumAnswers);

describe('of four plots a member keeps', () => {
  test.each([4, 3, 2, 1])('%i, and passes at as many anchors as the binomial says', (kept) => {
    const chance = binomial(kept / COUNT);
    const deviation = Math.sqrt(ANCHORS * chance * (1 - chance));
    const passed = passes(kept).filter(Boolean).length;
    expect(Math.abs(passed - ANCHORS * chance)).toBeLessThan(3 * deviation);
  });

  test('half, and passes nearly always where it may choose among eight anchors: the limit of this leg', () => {
    const windows = Array.from({ length: ANCHORS / 8 }, (_, i) => passes(2).slice(8 * i, 8 * i + 8));
    const passed = windows.filter((window) => window.includes(true)).length / windows.length;
    expect(1 - (1 - binomial(1 / 2)) ** 8).toBeGreaterThan(0.97);
    expect(passed).toBeGreaterThan(0.9);
  });
});
