import { expect, test } from 'vitest';
import { type ByzantineStrategy, randomScenario, simulate } from '../src/simulator/index.ts';
import { hostileScenario, MUTANTS, withMutant } from './support/mutants.ts';

test.each([4, 7, 31, 100])(
  'with %i validators and no faults a block is final after exactly 3 message delays and one comes every 2 [consensus-x01]',
  (validators) => {
    const report = simulate({ seed: 1, validators, views: validators > 31 ? 6 : 40, links: { delayMs: 10 } });
    expect(report.violations).toEqual([]);
    expect(report.height).toBeGreaterThan(5);
    expect(new Set(report.finalityMs)).toEqual(new Set([30]));
    expect(new Set(report.intervalMs)).toEqual(new Set([20]));
  },
);

test('10,000 views of drawn faults and one faulty validator in four: no violation, and each seed runs twice alike', () => {
  let views = 0;
  let crashes = 0;
  for (let seed = 0; seed < 100; seed += 1) {
    const scenario = randomScenario(seed, 100);
    const first = simulate(scenario);
    expect(first.violations, `seed ${seed}`).toEqual([]);
    expect(simulate(scenario).stateHash, `seed ${seed} again`).toBe(first.stateHash);
    views += first.views;
    crashes += first.crashes;
  }
  expect(views).toBeGreaterThanOrEqual(10_000);
  expect(crashes).toBeGreaterThan(100);
}, 120_000);

test('the same holds with Ed25519 votes, encoded messages and logs torn at any byte', () => {
  for (let seed = 0; seed < 12; seed += 1) {
    const scenario = { ...randomScenario(seed, 12), fidelity: 'real' as const };
    const first = simulate(scenario);
    expect(first.violations, `seed ${seed}`).toEqual([]);
    expect(simulate(scenario).stateHash, `seed ${seed} again`).toBe(first.stateHash);
  }
}, 120_000);

const STRATEGIES: readonly ByzantineStrategy[] = ['silent', 'chaos', 'twins', 'withhold'];

test.each(STRATEGIES)(
  'with f of 3f+1 validators faulty (%s) the honest ones finalize identical blocks and go on [consensus-08]',
  (strategy) => {
    for (let seed = 0; seed < 12; seed += 1) {
      const links = { delayMs: 10, jitterMs: 15 };
      const four = simulate({ seed, views: 60, links, byzantine: { [seed % 4]: strategy } });
      expect(four.violations, `seed ${seed}`).toEqual([]);
      expect(four.height).toBeGreaterThan(10);
      const seven = simulate({
        seed,
        validators: 7,
        views: 40,
        links,
        byzantine: { [seed % 7]: strategy, [(seed + 3) % 7]: 'chaos' },
      });
      expect(seven.violations, `seed ${seed}, seven`).toEqual([]);
      expect(seven.height).toBeGreaterThan(5);
    }
  },
  60_000,
);

test('with f+1 of 3f+1 validators silent nothing becomes final and nothing conflicts: the ledger stalls [consensus-08]', () => {
  for (let seed = 0; seed < 10; seed += 1) {
    const byzantine = { [seed % 4]: 'silent', [(seed + 1) % 4]: 'silent' } as const;
    const report = simulate({ seed, views: 50, untilMs: 20_000, byzantine, expectProgress: false });
    expect(report.violations).toEqual([]);
    expect(report.height).toBe(0);
  }
});

test('with f+1 of 3f+1 validators cut off the ledger stalls, and it goes on when they are back [consensus-08]', () => {
  const partitions = [
    {
      fromMs: 0,
      untilMs: 5_000,
      groups: [
        [0, 1],
        [2, 3],
      ],
    },
  ];
  const during = simulate({ seed: 3, views: 500, untilMs: 4_900, partitions, expectProgress: false });
  expect(during.height).toBe(0);
  const after = simulate({ seed: 3, views: 50, partitions });
  expect(after.violations).toEqual([]);
  expect(after.height).toBeGreaterThan(10);
});

test('a crashed leader costs at most its timeout and three message delays', () => {
  const timeouts = { leader: 5, advance: 8, retry: 12, spread: 1 };
  const { violations, intervalMs } = simulate({ seed: 1, views: 60, byzantine: { 2: 'silent' }, timeouts });
  expect(violations).toEqual([]);
  expect(Math.max(...intervalMs)).toBeLessThanOrEqual(50 + 3 * 10);
});

test('timeouts that are too short for the network grow until blocks become final', () => {
  const timeouts = { leader: 1, advance: 1, retry: 12, spread: 1 };
  const links = { delayMs: 10, jitterMs: 60 };
  for (let seed = 0; seed < 10; seed += 1) {
    const report = simulate({
      seed,
      validators: 7,
      views: 150,
      links,
      timeouts,
      byzantine: { 0: 'silent', 3: 'silent' },
    });
    expect(report.violations, `seed ${seed}`).toEqual([]);
    expect(report.height).toBeGreaterThan(3);
  }
});

test.each(MUTANTS)(
  'a planted bug is caught: $name',
  (mutant) => {
    const caught = (): boolean => {
      for (let seed = 0; seed < 400; seed += 1) {
        if (simulate(withMutant(hostileScenario(seed), mutant)).violations.length > 0) return true;
      }
      return false;
    };
    expect(caught()).toBe(true);
  },
  120_000,
);

test('without a planted bug the same hostile runs show nothing', () => {
  for (let seed = 0; seed < 120; seed += 1) {
    expect(simulate(hostileScenario(seed)).violations, `seed ${seed}`).toEqual([]);
  }
}, 60_000);
