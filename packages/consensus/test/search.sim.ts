import { expect, test } from 'vitest';
import { randomScenario, simulate } from '../src/simulator/index.ts';
import { hostileScenario, MUTANTS, withMutant } from './support/mutants.ts';

const isLong = process.env['HYPERMESH_SIM'] === 'long';
const SEEDS = isLong ? 10_400 : 20;
/** Only the long search is what the feature asks for. */
const FEATURE = isLong ? ' [consensus-x03]' : '';
const VIEWS = 100;

test(`${SEEDS} seeds of ${VIEWS} views with faulty validators and crashes show no violation, each twice with the same hash${FEATURE}`, () => {
  let views = 0;
  for (let seed = 0; seed < SEEDS; seed += 1) {
    const scenario = randomScenario(1_000_000 + seed, VIEWS);
    const first = simulate(scenario);
    expect(first.violations, `seed ${scenario.seed}`).toEqual([]);
    expect(simulate(scenario).stateHash, `seed ${scenario.seed} again`).toBe(first.stateHash);
    views += first.views;
  }
  expect(views).toBeGreaterThanOrEqual(isLong ? 1_000_000 : 1_900);
}, 1_800_000);

test(`${isLong ? 300 : 6} seeds with Ed25519, encoded messages and torn log files show no violation`, () => {
  for (let seed = 0; seed < (isLong ? 300 : 6); seed += 1) {
    const report = simulate({ ...randomScenario(2_000_000 + seed, 10), fidelity: 'real' });
    expect(report.violations, `seed ${report.seed}`).toEqual([]);
  }
}, 600_000);

if (isLong)
  test(`all of ${MUTANTS.length} planted protocol bugs are caught${FEATURE}`, () => {
    const missed = MUTANTS.filter((mutant) => {
      for (let seed = 0; seed < 400; seed += 1) {
        if (simulate(withMutant(hostileScenario(seed), mutant)).violations.length > 0) return false;
      }
      return true;
    });
    expect(missed.map(({ name }) => name)).toEqual([]);
  }, 300_000);
