export type { Rules } from '../engine/rules.ts';
export { SIMPLEX_RULES } from '../engine/rules.ts';
export type { Violation } from './invariants.ts';
export { randomScenario } from './random-scenario.ts';
export type {
  ByzantineStrategy,
  CrashOptions,
  LinkOptions,
  Partition,
  SimulationOptions,
} from './scenario.ts';
export { type SimulationReport, simulate } from './simulate.ts';
