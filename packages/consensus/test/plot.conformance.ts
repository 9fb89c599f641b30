import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyPlotProof } from '@hypermesh/consensus';
import { fromHex, toHex } from '@hypermesh/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { vectorsFolder } from './vectors.ts';

const file = vectorsFolder && join(vectorsFolder, 'chiapos-v1-proofs.txt');

const LINES = 60;
const cases = (file === undefined ? [] : readFileSync(file, 'utf8').trim().split('\n')).map((line) => {
  const [plotId = '', k = '', challenge = '', proof = '', quality = ''] = line
    .split(',')
    .map((part) => part.trim());
  return { plotId, k: Number(k), challenge, proof, quality };
});

/** The hex with one bit of byte `at` flipped. */
function flip(hex: string, at: number): string {
  const parsed = fromHex(hex);
  if (!parsed.ok) throw new Error('not hex');
  const bytes = parsed.bytes.slice();
  bytes[at] = (bytes[at] as number) ^ (1 << (at % 8));
  return toHex(bytes);
}

describe('proofs of space that chiapos made', () => {
  beforeEach((ctx) => {
    if (file === undefined)
      ctx.skip('no vectors: ../shared/vectors is absent and HYPERMESH_VECTORS names no folder');
  });

  test('all verify with their quality [consensus-x02]', () => {
    let verified = 0;
    for (const { quality, ...claim } of cases) {
      const verdict = verifyPlotProof(claim);
      expect(verdict.ok && toHex(verdict.quality)).toBe(quality);
      verified++;
    }
    expect(verified).toBe(LINES);
  });

  test('all fail with another plot id, size, challenge or proof [consensus-x02]', () => {
    let refused = 0;
    for (const [i, { quality: _, ...claim }] of cases.entries()) {
      const altered = [
        { ...claim, plotId: flip(claim.plotId, i % 31) },
        { ...claim, k: claim.k + 1 },
        { ...claim, challenge: flip(claim.challenge, i % 2) },
        { ...claim, proof: flip(claim.proof, (7 * i) % 168) },
        { ...claim, proof: claim.proof.slice(42) + claim.proof.slice(0, 42) },
        { ...claim, proof: claim.proof.slice(2) },
      ];
      for (const claim of altered) {
        expect(verifyPlotProof(claim).ok).toBe(false);
        refused++;
      }
    }
    expect(refused).toBe(LINES * 6);
  });

  test('the quality depends on the last byte of the challenge, the proof does not [consensus-x02]', () => {
    const { quality, ...claim } = cases[0] as (typeof cases)[number];
    const verdict = verifyPlotProof({ ...claim, challenge: flip(claim.challenge, 31) });
    expect(verdict.ok && toHex(verdict.quality)).not.toBe(quality);
    expect(verdict.ok).toBe(true);
  });
});
