import { createSeededRandom, type SeededRandom } from '@hypermesh/core/testing';
import type { ByzantineStrategy, Partition, SimulationOptions } from './scenario.ts';

const STRATEGIES: readonly ByzantineStrategy[] = ['silent', 'chaos', 'twins', 'withhold'];

function partitions(random: SeededRandom, validators: number, endMs: number): Partition[] {
  return Array.from({ length: random.below(4) }, () => {
    const fromMs = random.below(endMs);
    const groups: number[][] = [[], []];
    for (let node = 0; node < validators; node += 1) groups[random.below(2)]?.push(node);
    return { fromMs, untilMs: fromMs + 100 + random.below(1_500), groups };
  });
}

/**
 * A run drawn from a seed: 4 or 7 validators, up to f of them faulty in one of all ways, jitter, loss, repetition,
 * partitions, slow disks, crashes at any moment with torn logs, at times a lost one.
 */
export function randomScenario(seed: number, views = 100): SimulationOptions {
  const random = createSeededRandom(`hypermesh scenario ${seed}`);
  const validators = random.below(6) === 0 ? 7 : 4;
  const faults = random.below(2) === 0 ? 0 : 1 + random.below((validators - 1) / 3);
  const byzantine: Record<number, ByzantineStrategy> = {};
  for (let index = 0; index < faults; index += 1) {
    byzantine[random.below(validators)] = STRATEGIES[random.below(STRATEGIES.length)] as ByzantineStrategy;
  }
  const delayMs = 10;
  const crashes = {
    chance: 10 ** -(2 + random.unit() * 2),
    downMs: 10 + random.below(400),
    ...(faults === 0 && random.below(3) === 0 ? { lostLog: 0.3 } : {}),
  };
  return {
    seed,
    validators,
    views,
    links: {
      delayMs,
      jitterMs: random.below(3) === 0 ? 0 : random.below(40),
      loss: random.below(2) === 0 ? 0 : random.unit() * 0.15,
      duplication: random.below(2) === 0 ? 0 : random.unit() * 0.1,
    },
    partitions: partitions(random, validators, views * delayMs * 3),
    byzantine,
    ...(random.below(2) === 0 ? { crashes } : {}),
    timeouts: {
      leader: 4 + random.below(4),
      advance: 5 + random.below(6),
      retry: 12,
      spread: random.below(4),
    },
    syncMs: random.below(2) === 0 ? 0 : random.below(8),
    thinkMs: random.below(2) === 0 ? 0 : random.below(10),
  };
}
