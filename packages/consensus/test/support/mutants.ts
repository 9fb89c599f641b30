import { type Rules, SIMPLEX_RULES, type SimulationOptions } from '../../src/simulator/index.ts';

/** A protocol bug, planted through the injected rules or the simulated disk. */
export interface Mutant {
  readonly name: string;
  readonly rules?: Partial<Rules>;
  readonly sabotage?: SimulationOptions['sabotage'];
}

export const MUTANTS: readonly Mutant[] = [
  { name: 'a quorum one vote too small', rules: { quorum: (n) => SIMPLEX_RULES.quorum(n) - 1 } },
  { name: 'notarizing twice in a view', rules: { mayNotarize: () => true } },
  { name: 'finalizing a view that was given up', rules: { mayFinalize: (own) => !own.finalized } },
  { name: 'extending an uncertified parent', rules: { mayExtend: ({ gapNullified }) => gapNullified } },
  {
    name: 'extending over views that were not given up',
    rules: { mayExtend: ({ parentCertified }) => parentCertified },
  },
  { name: 'taking a proposal from anyone', rules: { mayPropose: () => true } },
  { name: 'trusting signatures unchecked', rules: { countsSignature: () => true } },
  { name: 'counting votes for other blocks', rules: { countsFor: () => true } },
  { name: 'taking a notarized block for final', rules: { isFinal: (kind) => kind !== 'nullify' } },
  { name: 'signing after a lost log', rules: { maySign: () => true } },
  { name: 'sending before the log is durable', rules: { persistFirst: () => false } },
  { name: 'a disk that confirms too early', sabotage: 'early-ack' },
  { name: 'forgetting the own votes at a restart', sabotage: 'forget-votes' },
];

/** A scenario with a mutant in it. */
export function withMutant(scenario: SimulationOptions, { rules, sabotage }: Mutant): SimulationOptions {
  return {
    ...scenario,
    expectProgress: false,
    ...(rules === undefined ? {} : { rules: { ...SIMPLEX_RULES, ...rules } }),
    ...(sabotage === undefined ? {} : { sabotage }),
  };
}

/** A run with active adversaries, overtaking messages, slow disks and crashes, in which bugs show soon. */
export function hostileScenario(seed: number): SimulationOptions {
  const place = seed % 4;
  const isWide = seed % 8 >= 5 && place < 3;
  const strategy = seed % 8 < 4 || isWide ? 'chaos' : 'twins';
  return {
    seed,
    views: 100,
    validators: isWide ? 7 : 4,
    links: { delayMs: 10, jitterMs: (seed % 5) * 8, loss: seed % 3 === 0 ? 0.05 : 0 },
    byzantine:
      place === 3 ? {} : isWide ? { [place]: strategy, [place + 1]: strategy } : { [place]: strategy },
    crashes: { chance: isWide ? 0.0005 : 0.004, downMs: 60, ...(place === 3 ? { lostLog: 0.5 } : {}) },
    timeouts: { leader: 3 + (seed % 3), advance: 3 + (seed % 4), retry: 10, spread: seed % 2 },
    syncMs: seed % 2 === 0 ? 0 : 5,
    thinkMs: seed % 3,
  };
}
