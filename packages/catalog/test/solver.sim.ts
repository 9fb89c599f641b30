import { createSeededRandom } from '@hypermesh/core/testing';
import { describe, expect, test } from 'vitest';
import { type PlainIndex, resolve } from '../src/index.ts';
import { bruteForce } from './fixtures/brute-force.ts';

const GRAPHS = process.env['HYPERMESH_SIM'] === 'long' ? 200_000 : 10_000;
const RANGES = [
  '*',
  '^1.0.0',
  '^2.0.0',
  '^3.0.0',
  '>=2.0.0',
  '<3.0.0',
  '1.x || 3.x',
  '~1.1.0',
  '>=1.1.0 <2.1.0',
  '=1.0.0',
];
const VERSIONS = ['1.0.0', '1.1.0', '1.1.1', '2.0.0', '2.1.0', '3.0.0', '3.0.0-rc.1'];

/** A graph of one seed: dense or sparse, with few or many versions, so that searches have to go back far. */
function graphOf(seed: number): { readonly wanted: Record<string, string>; readonly index: PlainIndex } {
  const random = createSeededRandom(`catalog/solver ${seed}`);
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
  const names = Array.from({ length: 3 + random.below(6) }, (_, number) => `p${number}`);
  const most = random.below(4);
  const ranges = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, () => [pick(names), pick(RANGES)]));
  const index = Object.fromEntries(
    names.map((name) => [
      name,
      Object.fromEntries(
        Array.from({ length: 1 + random.below(6) }, () => [
          pick(VERSIONS),
          {
            dependencies: ranges(random.below(most + 1)),
            ...(random.below(6) === 0 ? { optionalDependencies: ranges(1) } : {}),
            yanked: random.below(12) === 0,
          },
        ]),
      ),
    ]),
  );
  return { wanted: ranges(1 + random.below(3)), index };
}

describe('the solver', () => {
  test(`agrees with plain search on ${GRAPHS} seeded graphs of up to eight packages [catalog-03]`, () => {
    let solved = 0;
    for (let seed = 0; seed < GRAPHS; seed += 1) {
      const { wanted, index } = graphOf(seed);
      const expected = bruteForce(wanted, index);
      const found = resolve(wanted, index);
      const again = resolve(wanted, index);
      expect(again, `seed ${seed}`).toEqual(found);
      expect(found.ok ? found.packages : undefined, `seed ${seed}`).toEqual(expected);
      if (found.ok) solved += 1;
    }
    expect(solved).toBeGreaterThan(GRAPHS / 10);
    expect(solved).toBeLessThan((GRAPHS * 9) / 10);
  });
});
